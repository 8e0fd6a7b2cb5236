/** Reads os-release(5), the file by which a root fs says what it is. */

export interface OsRelease {
  /** "debian"; "linux" when the file names none, as the manual has it. */
  readonly id: string;
  /** Null on testing and sid. */
  readonly versionId: string | null;
  readonly codename: string | null;
  readonly prettyName: string;
}

/** Lines that are no assignment are passed over, as the manual asks. */
export function parseOsRelease(text: string): OsRelease {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([A-Z][A-Z0-9_]*)=(.*?)\s*$/u.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) values.set(match[1], unquote(match[2]));
  }
  const get = (name: string): string | null => values.get(name) || null;
  const id = get('ID') ?? 'linux';
  return {
    id,
    versionId: get('VERSION_ID'),
    codename: get('VERSION_CODENAME') ?? get('UBUNTU_CODENAME'),
    prettyName: get('PRETTY_NAME') ?? get('NAME') ?? id,
  };
}

/** The file is read by shells: "…" with escapes, or '…' without. */
function unquote(value: string): string {
  const single = /^'([^']*)'$/u.exec(value)?.[1];
  if (single !== undefined) return single;
  const double = /^"((?:[^"\\]|\\.)*)"$/u.exec(value)?.[1];
  return (double ?? value).replace(/\\(.)/gu, '$1');
}
