/** Files with checksums, as sha256sum and BSD's sha256 write them. */

const gnu = /^\\?([0-9a-f]{64}) [ *](.+)$/iu;
const bsd = /^SHA256 \((.+)\) = ([0-9a-f]{64})$/iu;
const bare = /^([0-9a-f]{64})$/iu;

/**
 * SHA-256 of the file of that name (lower case); null when none is told, or several of files of that name in other
 * directories. `alone`: the file is about this one only.
 */
export function checksumOf(text: string, name: string, alone: boolean): string | null {
  const lines = text
    .split(/\r?\n/u)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const rows = lines.flatMap(rowOf).filter(({ path }) => path.slice(path.lastIndexOf('/') + 1) === name);
  const beside = rows.find(({ path }) => path.replace(/^\.\//u, '') === name);
  const [digest = null, ...others] = new Set(beside === undefined ? rows.map((row) => row.digest) : [beside.digest]);
  if (digest !== null) return others.length === 0 ? digest : null;
  const [, only] = (alone && lines.length === 1 ? bare.exec(lines[0] ?? '') : null) ?? [];
  return only?.toLowerCase() ?? null;
}

function rowOf(line: string): readonly { readonly path: string; readonly digest: string }[] {
  const [, gnuDigest, gnuName] = gnu.exec(line) ?? [];
  const [, bsdName, bsdDigest] = bsd.exec(line) ?? [];
  const [digest, path] = [gnuDigest ?? bsdDigest, gnuName ?? bsdName];
  return digest === undefined || path === undefined ? [] : [{ path, digest: digest.toLowerCase() }];
}
