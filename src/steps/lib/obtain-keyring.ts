/**
 * Gets a keyring that this host has no package for: Debian has ubuntu-keyring since 13 only.
 * The chain begins with Debian's own keyring: signed index -> list of packages -> package -> file in it. What comes out
 * has to hold the keys that the table of releases names.
 */
import { gunzipSync } from 'node:zlib';
import { fail, MachinespawnError } from '../../errors/machinespawn-error.ts';
import { findListedPackage, type ListedPackage } from '../../model/packages-file.ts';
import type { ReleaseFile } from '../../model/release-file.ts';
import { keyringSource } from '../../model/release-table.ts';
import type { Release } from '../../model/release.ts';
import { expectedArchive, releaseOf } from '../../model/releases.ts';
import type { Context } from '../define-step.ts';
import { checkFreshness } from './check-index.ts';
import { keyringFingerprints } from './keyring-fingerprints.ts';
import { sha256 } from './sha256.ts';
import { fetchIndex, verifyIndex } from './verify-index.ts';

const mostKeyringBytes = 4 * 1024 * 1024;
const mostListBytes = 128 * 1024 * 1024;
/** What may keep the chain from being followed; a bad signature or digest is told as what it is. */
const unreachable = [
  ...['MSP_NETWORK', 'MSP_TLS_UNTRUSTED', 'MSP_HTTP_STATUS', 'MSP_ARCHIVE_HTML'],
  ...['MSP_REDIRECT_LOOP', 'MSP_REDIRECT_REFUSED'],
];

export interface ObtainOptions {
  readonly proxy: string | null;
  readonly offline: boolean;
}

/** Can the keyring of this release be had in this way? */
export function isObtainable({ distro }: Pick<Release, 'distro'>): boolean {
  return distro !== keyringSource.distro;
}

/** Gives the path in the cache. Throws MSP_KEYRING_MISSING, MSP_OFFLINE, and what the verification finds. */
export async function obtainKeyring(context: Context, release: Release, options: ObtainOptions): Promise<string> {
  const { debianPackage, paths } = release.keyring;
  const wanted = paths[0] ?? '';
  const kept = await recallKeyring(context, release);
  if (kept !== null) return kept;
  if (options.offline) throw fail('MSP_OFFLINE', { what: `the keyring ${wanted}` });
  const source = releaseOf(keyringSource.codename, keyringSource.distro);
  context.log.warn(
    `${wanted} is not on this host: it is taken from Debian's package ${debianPackage} of ${source.image}, and verified`,
  );
  try {
    return await fetchKeyring(context, release, source, options.proxy);
  } catch (error) {
    if (!MachinespawnError.is(error) || !unreachable.includes(error.code)) throw error;
    throw fail('MSP_KEYRING_MISSING', { keyring: wanted, debianPackage, problem: error.message }, error);
  }
}

/** A name, so that the content is found; its digest in the note, so that it is trusted. */
async function recallKeyring(context: Context, release: Release): Promise<string | null> {
  const { memory } = context.services;
  const digest = (await memory.recall(noteOf(release)))?.data.toString('utf8').trim();
  if (digest === undefined || !/^[0-9a-f]{64}$/u.test(digest)) return null;
  const found = await memory.recall(`keyrings/${digest}.gpg`);
  if (found === null || sha256(found.data) !== digest || !holdsAll(found.data, release)) return null;
  return found.path;
}

async function fetchKeyring(
  context: Context,
  release: Release,
  source: Release,
  proxy: string | null,
): Promise<string> {
  const { services } = context;
  const mirror = expectedArchive(source, services.facts.arch);
  const anchor = await sourceKeyring(context, release, source);
  const index = await fetchIndex(context, mirror, source.codename, proxy);
  if (index === null) throw fail('MSP_SUITE_NOT_FOUND', { suite: source.codename, mirror });
  const { release: file } = await verifyIndex(context, index, { keyring: anchor, mayBeExpired: false });
  checkFreshness(context, file, { suite: source.codename, index, isFrozen: false });
  const listed = await findPackage(context, file, { mirror, release, source, proxy });
  const url = `${mirror}/${listed.file}`;
  const archive = await fetchVerified(context, url, listed, proxy);
  const data = await keyringIn(context, archive, release);
  if (data === null || !holdsAll(data, release)) {
    const keys = release.signingKeys.main.map(({ fingerprint }) => fingerprint);
    throw fail('MSP_KEY_MISSING', { keyring: url, keys, debianPackage: release.keyring.debianPackage });
  }
  const digest = sha256(data);
  const path = await services.memory.keep(`keyrings/${digest}.gpg`, data);
  await services.memory.keep(noteOf(release), `${digest}\n`);
  return path;
}

/** Without the keyring that the chain begins with there is nothing to verify by. */
async function sourceKeyring({ services }: Context, release: Release, source: Release): Promise<string> {
  for (const path of source.keyring.paths) {
    if ((await services.root('/').readStart(path, 1)) !== null) return path;
  }
  throw fail('MSP_KEYRING_MISSING', {
    keyring: release.keyring.paths[0] ?? '',
    debianPackage: release.keyring.debianPackage,
    problem: `there is no ${source.keyring.paths[0]} to verify it with`,
  });
}

async function findPackage(
  context: Context,
  file: ReleaseFile,
  where: {
    readonly mirror: string;
    readonly release: Release;
    readonly source: Release;
    readonly proxy: string | null;
  },
): Promise<ListedPackage> {
  const { services } = context;
  const { mirror, release, source, proxy } = where;
  const suite = `${mirror}/dists/${source.codename}`;
  const lacks = (what: string) => fail('MSP_ARCHIVE_LACKS', { suite: source.codename, mirror, what });
  let problem: unknown = null;
  // The list of what runs everywhere is a fraction of the others, where there is one.
  for (const arch of ['all', services.facts.arch]) {
    const directory = `${keyringSource.component}/binary-${arch}`;
    const expected = file.files.get(`${directory}/Packages.gz`);
    if (expected === undefined) continue;
    const byHash = `${suite}/${directory}/by-hash/SHA256/${expected.sha256}`;
    const plain = `${suite}/${directory}/Packages.gz`;
    for (const url of file.acquireByHash ? [byHash, plain] : [plain]) {
      try {
        const packed = await fetchVerified(context, url, expected, proxy);
        // gzip's output would all go to the step's log.
        const listed = findListedPackage(unpack(packed), release.keyring.debianPackage);
        if (listed !== null) return listed;
        break;
      } catch (error) {
        // A mirror that is being updated has one of them sooner than the other.
        if (!isLagging(error)) throw error;
        problem = error;
      }
    }
  }
  throw problem ?? lacks(`package ${release.keyring.debianPackage}`);
}

/** Its digest was right, so it is what the archive meant it to be. */
function unpack(packed: Buffer): string {
  return gunzipSync(packed, { maxOutputLength: mostListBytes }).toString('utf8');
}

/** Has the mirror not what its index promises? */
function isLagging(error: unknown): boolean {
  return MachinespawnError.is(error) && ['MSP_HTTP_STATUS', 'MSP_PACKAGE_CORRUPT'].includes(error.code);
}

/** Throws MSP_PACKAGE_CORRUPT. */
async function fetchVerified(
  { services }: Context,
  url: string,
  expected: { readonly sha256: string; readonly sizeBytes: number },
  proxy: string | null,
): Promise<Buffer> {
  const maxBytes = Math.min(expected.sizeBytes, mostListBytes);
  const found = await services.net.fetch(url, { proxy, maxBytes });
  if (found === null) throw fail('MSP_HTTP_STATUS', { url, status: 404 });
  if (sha256(found.body) !== expected.sha256) throw fail('MSP_PACKAGE_CORRUPT', { text: url, mirror: url });
  return found.body;
}

async function keyringIn({ services }: Context, archive: Buffer, release: Release): Promise<Buffer | null> {
  const { scratch } = services.directories;
  const file = `${scratch}/keyring.deb`;
  await services.files.writeBytes(file, archive);
  await services.exec({ file: 'dpkg-deb', args: ['--extract', file, `${scratch}/keyring`], reads: true });
  for (const path of release.keyring.paths) {
    const data = await services.root(`${scratch}/keyring`).readStart(path, mostKeyringBytes);
    if (data !== null) return data;
  }
  return null;
}

function holdsAll(data: Buffer, release: Release): boolean {
  const held = keyringFingerprints(data) ?? [];
  return release.signingKeys.main.every(({ fingerprint }) => held.includes(fingerprint));
}

function noteOf({ keyring }: Release): string {
  return `keyrings/${keyring.debianPackage}.digest`;
}
