/** Files with checksums, as sha256sum and BSD's sha256 write them. */

const gnu = /^\\?([0-9a-f]{64}) [ *](.+)$/iu;
const bsd = /^SHA256 \((.+)\) = ([0-9a-f]{64})$/iu;
const bare = /^([0-9a-f]{64})$/iu;

/** SHA-256 of the file of that name (lower case); null when none is told. `alone`: the file is about this one only. */
export function checksumOf(text: string, name: string, alone: boolean): string | null {
  const lines = text.split(/\r?\n/u).map((line) => line.trim());
  for (const line of lines) {
    const [, gnuDigest, gnuName] = gnu.exec(line) ?? [];
    const [, bsdName, bsdDigest] = bsd.exec(line) ?? [];
    const digest = gnuDigest ?? bsdDigest;
    const file = gnuName ?? bsdName;
    if (digest !== undefined && file !== undefined && file.slice(file.lastIndexOf('/') + 1) === name)
      return digest.toLowerCase();
  }
  const only = lines.filter((line) => line !== '');
  const [, digest] = (alone && only.length === 1 ? bare.exec(only[0] ?? '') : null) ?? [];
  return digest?.toLowerCase() ?? null;
}
