/** Finds the keyring of a release, and looks whether it holds the right keys before anything of the release is fetched. */
import { fail } from '../../errors/machinespawn-error.ts';
import { keyId } from '../../model/archive-keys.ts';
import type { Release } from '../../model/release.ts';
import type { Context } from '../define-step.ts';
import { keyringFingerprints } from './keyring-fingerprints.ts';
import { isObtainable, obtainKeyring, type ObtainOptions } from './obtain-keyring.ts';
import { sha256 } from './sha256.ts';

const mostKeyringBytes = 4 * 1024 * 1024;

export interface ChosenKeyring {
  readonly path: string;
  readonly digest: string;
  /** Is it another one than the release's packages install? */
  readonly own: boolean;
}

export interface KeyringWishes extends ObtainOptions {
  /** '' for the release's own. */
  readonly keyring: string;
  /** '' for the release's own. */
  readonly mirror: string;
}

/** Throws MSP_KEYRING_MISSING, MSP_KEY_MISSING, and what `obtainKeyring` throws. */
export async function chooseKeyring(
  context: Context,
  release: Release,
  { keyring: asked, mirror, ...options }: KeyringWishes,
): Promise<ChosenKeyring> {
  const { debianPackage } = release.keyring;
  const host = context.services.root('/');
  const own = asked !== '' && !release.keyring.paths.includes(asked);
  // With an archive and a keyring of somebody's own nobody knows the keys.
  const isKnown = !own || mirror === '';
  for (const path of asked === '' ? release.keyring.paths : [asked]) {
    const data = await host.readStart(path, mostKeyringBytes);
    if (data === null) continue;
    const needed = release.signingKeys.main.map(({ fingerprint }) => fingerprint);
    const held = keyringFingerprints(data);
    if (isKnown && held !== null && !needed.some((fingerprint) => held.includes(fingerprint))) {
      throw fail('MSP_KEY_MISSING', { keyring: path, keys: needed.map(keyId), debianPackage });
    }
    return { path, digest: sha256(data), own };
  }
  if (asked === '' && isObtainable(release)) {
    const path = await obtainKeyring(context, release, options);
    return { path, digest: sha256((await host.readStart(path, mostKeyringBytes)) ?? Buffer.alloc(0)), own };
  }
  throw fail('MSP_KEYRING_MISSING', { keyring: asked || (release.keyring.paths[0] ?? ''), debianPackage });
}
