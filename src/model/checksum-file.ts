/** Files with checksums, as sha256sum, BSD's sha256 and openssl write them. */
import { fail } from '../errors/machinespawn-error.ts';

const gnu = /^\\?([0-9a-f]{64})[ \t]+\*?(.+)$/iu;
const bsd = /^SHA(?:2-)?256 ?\((.+)\) ?= ?([0-9a-f]{64})$/iu;
const bare = /^([0-9a-f]{64})$/iu;

interface Row {
  /** '' where the row has a digest only. */
  readonly path: string;
  readonly digest: string;
}

export interface ChecksumFile {
  /** Address or path, for the error. */
  readonly place: string;
  readonly text: string;
  /** Is it about this one file only? Then a lone row counts, whatever it calls the file. */
  readonly alone: boolean;
}

/**
 * SHA-256 of the file of that name (lower case); null when none is told, or several of files of that name in other
 * directories. Throws MSP_VERIFY_UNREADABLE where something is told that cannot be understood: it is not nothing.
 */
export function checksumOf({ place, text, alone }: ChecksumFile, name: string): string | null {
  const lines = text
    .split(/\r?\n/u)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const rows = lines.flatMap(rowOf);
  const named = rows.filter(({ path }) => path !== '' && path.slice(path.lastIndexOf('/') + 1) === name);
  const beside = named.find(({ path }) => path.replace(/^\.\//u, '') === name);
  const [digest, ...others] = new Set(beside === undefined ? named.map((row) => row.digest) : [beside.digest]);
  if (digest !== undefined && others.length === 0) return digest;
  if (alone) {
    const [only] = rows;
    if (only !== undefined && lines.length === 1) return only.digest;
    throw fail('MSP_VERIFY_UNREADABLE', { place, name });
  }
  if (digest === undefined && lines.some((line) => isAbout(line, name)))
    throw fail('MSP_VERIFY_UNREADABLE', { place, name });
  return null;
}

function rowOf(line: string): readonly Row[] {
  const [, gnuDigest, gnuName] = gnu.exec(line) ?? [];
  const [, bsdName, bsdDigest] = bsd.exec(line) ?? [];
  const [, bareDigest] = bare.exec(line) ?? [];
  const digest = gnuDigest ?? bsdDigest ?? bareDigest;
  return digest === undefined ? [] : [{ path: gnuName ?? bsdName ?? '', digest: digest.toLowerCase() }];
}

function isAbout(line: string, name: string): boolean {
  return line.endsWith(` ${name}`) || line.split(/[\s*()/]+/u).includes(name);
}
