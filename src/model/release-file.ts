/** Reads Release and InRelease, the index of an archive's suite. Whether it is signed is gpgv's to say. */
import { fail } from '../errors/machinespawn-error.ts';

export interface IndexedFile {
  /** 64 hex digits. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface ReleaseFile {
  readonly origin: string | null;
  readonly suite: string | null;
  readonly codename: string | null;
  readonly version: string | null;
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly validUntil: string | null;
  readonly architectures: readonly string[];
  /** Without the "updates/" of security archives. */
  readonly components: readonly string[];
  readonly acquireByHash: boolean;
  /** apt's usual priority of its packages (apt_preferences(5)): 500; 100 or 1 for suites that are not for every package. */
  readonly priority: number;
  /** By path below dists/SUITE/. */
  readonly files: ReadonlyMap<string, IndexedFile>;
}

/** @param url where the text is from, for messages. Throws MSP_RELEASE_INVALID. */
export function parseReleaseFile(text: string, url: string): ReleaseFile {
  const invalid = (problem: string) => fail('MSP_RELEASE_INVALID', { url, problem });
  const content = signedContent(text);
  if (content === null) throw invalid('its signature block is damaged');
  const fields = readFields(content);
  const date = parseDate(fields.get('Date') ?? '');
  if (date === null) throw invalid('it has no Date');
  const until = fields.get('Valid-Until');
  const validUntil = until === undefined ? null : parseDate(until);
  if (until !== undefined && validUntil === null) throw invalid(`Valid-Until is no date: ${until}`);
  const files = readFiles(fields.get('SHA256') ?? '');
  if (files === null) throw invalid('its list of SHA256 digests is damaged');
  if (files.size === 0) throw invalid('it lists no SHA256 digests');
  return {
    origin: fields.get('Origin') ?? null,
    suite: fields.get('Suite') ?? null,
    codename: fields.get('Codename') ?? null,
    version: fields.get('Version') ?? null,
    date,
    validUntil,
    architectures: words(fields.get('Architectures')),
    components: words(fields.get('Components')).map((component) => component.replace(/^updates\//u, '')),
    acquireByHash: fields.get('Acquire-By-Hash') === 'yes',
    priority: priorityOf(fields),
    files,
  };
}

/** What the signature covers; the text itself when it has no armour; null when the armour is damaged. */
function signedContent(text: string): string | null {
  const normal = text.replaceAll('\r\n', '\n');
  const begin = '-----BEGIN PGP SIGNED MESSAGE-----\n';
  // Text before or after the block would be read, but is not signed.
  if (!normal.includes('-----BEGIN PGP')) return normal;
  if (!normal.startsWith(begin)) return null;
  const head = normal.indexOf('\n\n');
  const end = normal.indexOf('\n-----BEGIN PGP SIGNATURE-----\n');
  const tail = /\n-----END PGP SIGNATURE-----\n*$/u;
  if (head < 0 || end < head || normal.indexOf(begin, 1) >= 0 || !tail.test(normal)) return null;
  const escaped = normal.slice(head + 2, end + 1);
  // Signed lines that begin with a dash are escaped; any other would be an end that gpgv saw and we did not.
  return /^-(?! )/mu.test(escaped) ? null : escaped.replace(/^- /gmu, '');
}

/** RFC 822 fields; the first of two with one name counts. */
function readFields(text: string): ReadonlyMap<string, string> {
  const lines = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of text.split('\n')) {
    const field = /^([A-Za-z][A-Za-z0-9-]*):\s*(.*)$/u.exec(line);
    if (field?.[1] !== undefined) {
      current = [field[2] ?? ''];
      if (!lines.has(field[1])) lines.set(field[1], current);
    } else if (/^[ \t]/u.test(line)) current.push(line.trim());
  }
  return new Map([...lines].map(([name, parts]) => [name, parts.join('\n').trim()]));
}

function readFiles(block: string): ReadonlyMap<string, IndexedFile> | null {
  const files = new Map<string, IndexedFile>();
  for (const line of block.split('\n').filter((text) => text !== '')) {
    const match = /^([0-9a-f]{64})\s+(\d{1,15})\s+(\S+)$/u.exec(line);
    if (match?.[1] === undefined || match[3] === undefined) return null;
    files.set(match[3], { sha256: match[1], sizeBytes: Number(match[2]) });
  }
  return files;
}

function parseDate(text: string): string | null {
  // Only UTC is allowed there; a bare Date.parse would take nearly anything.
  const shape = /^[A-Z][a-z]{2}, +\d{1,2} [A-Z][a-z]{2} \d{4} \d{1,2}:\d{2}:\d{2} (?:UTC|GMT|\+0000)$/u;
  const ms = shape.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

function priorityOf(fields: ReadonlyMap<string, string>): number {
  if (fields.get('NotAutomatic') !== 'yes') return 500;
  return fields.get('ButAutomaticUpgrades') === 'yes' ? 100 : 1;
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/\s+/u).filter((word) => word !== '');
}
