/** Keys of the publishers of images. */
import { fail } from '../../errors/machinespawn-error.ts';
import type { StepServices } from '../../host/services.ts';
import { dearmor, keyringForm } from '../../model/keyring-form.ts';

/** As systemd's own importer uses them; the administrator's come first. */
export const usualKeyrings = [
  '/etc/systemd/import-pubring.gpg',
  '/usr/lib/systemd/import-pubring.pgp',
  '/usr/lib/systemd/import-pubring.gpg',
];

const startBytes = 64;
const mostBytes = 64 * 1024 * 1024;

/** A keyring that was looked at. */
export interface ImageKeyring {
  readonly path: string;
  /** What is in its armour, which gpgv does not read; null where it has none. */
  readonly packets: Buffer | null;
}

/**
 * Null where none was named and the host has none: then every key is unknown. Throws MSP_KEYRING_MISSING,
 * MSP_KEYRING_UNUSABLE, MSP_FILE_UNREADABLE.
 */
export async function findImageKeyring(
  services: Pick<StepServices, 'root'>,
  { keyring, verify }: { readonly keyring: string; readonly verify: string },
): Promise<ImageKeyring | null> {
  const host = services.root('/');
  for (const path of keyring === '' ? usualKeyrings : [keyring]) {
    let data = await host.readStart(path, startBytes);
    if (data === null) continue;
    if (keyringForm(data) === null) data = (await host.readStart(path, mostBytes)) ?? data;
    const form = keyringForm(data);
    if (form !== null) return { path, packets: form === 'armored' ? dearmor(data) : null };
    if (keyring !== '') throw fail('MSP_KEYRING_UNUSABLE', { keyring });
  }
  if (keyring !== '') throw fail('MSP_KEYRING_MISSING', { keyring, debianPackage: null });
  if (verify === 'signature')
    throw fail('MSP_KEYRING_MISSING', { keyring: usualKeyrings[0] ?? '', debianPackage: 'systemd-container' });
  return null;
}
