/**
 * The mirror at hand may be in the middle of an update, for days: then a suite's signed index promises lists of packages
 * that the mirror has not got yet, and no client can use it. What it has is as good for a test, but needs an index that fits.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Arch } from '../../../src/model/arch.ts';
import type { CountingMirror } from './counting-mirror.ts';
import { makeOwnKey, type OwnKey } from './own-index.ts';

export interface SettledArchive {
  /** For --mirror. */
  readonly url: string;
  /** Also for `bootstrap`. */
  readonly options: readonly string[];
}

let key: OwnKey | null = null;

/** The archive as it is wherever it fits; else the same one with an index for this architecture, signed by the tests' key. */
export async function settledArchive(mirror: CountingMirror, suite: string, arch: Arch): Promise<SettledArchive> {
  const signed = (await readFile(await mirror.keep(`/debian/dists/${suite}/InRelease`))).toString();
  const release = signed.slice(signed.indexOf('\n\n') + 2, signed.indexOf('-----BEGIN PGP SIGNATURE'));
  const directory = `main/binary-${arch}`;
  const [digest] = new RegExp(`[0-9a-f]{64}(?= +\\d+ ${directory}/Packages\\.xz$)`, 'mu').exec(release) ?? [];
  if (digest === undefined) throw new TypeError(`${suite} has no list of packages for ${arch}`);
  const places = [`by-hash/SHA256/${digest}`, 'Packages.xz'].map(
    (name) => `/debian/dists/${suite}/${directory}/${name}`,
  );
  let list: Buffer = Buffer.alloc(0);
  for (const place of places) {
    const file = await mirror.keep(place).catch(() => null);
    list = file === null ? list : await readFile(file);
    if (sha256(list) === digest) return { url: mirror.url, options: [] };
  }
  if (list.length === 0) throw new TypeError(`the archive has no ${places.at(-1)}`);
  process.stderr.write(
    `${suite} ${arch}: the mirror is being updated: its list of packages gets an index of our own\n`,
  );
  key ??= makeOwnKey({ expired: false });
  const name = `/as-${suite}-${arch}/debian`;
  const fitting = release
    .replaceAll(new RegExp(`^ [0-9a-f]+ +\\d+ ${directory}/Packages.*\\n`, 'gmu'), '')
    .replace(/^Acquire-By-Hash: yes$/mu, 'Acquire-By-Hash: no')
    .replace(/^SHA256:$/mu, `$&\n ${sha256(list)} ${list.length} ${directory}/Packages.xz`);
  mirror.own.set(`${name}/dists/${suite}/InRelease`, key.sign(fitting));
  return { url: mirror.url.replace(/\/debian$/u, name), options: ['--keyring', key.keyring] };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
