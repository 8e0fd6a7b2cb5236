import { entry } from '../entry.ts';

const otherPlace = 'use a --cache-dir on a file system that is not mounted noexec or nodev, and where mknod is allowed';
const leftover = 'something was there before it: the same command with --fresh';
const debootstrapHints: Readonly<Record<string, string | undefined>> = {
  NOEXEC: otherPlace,
  MKNOD: otherPlace,
  NEEDCHROOT: otherPlace,
  USRMERGEFAIL: leftover,
  FILEEXIST: leftover,
  BADTARGET: leftover,
};

/** Package archives, their signatures, and the bootstrap tools. */
export const archiveErrors = {
  MSP_KEYRING_MISSING: entry<{ keyring: string; debianPackage: string }>({
    exit: 6,
    message: ({ keyring }) => `the keyring ${keyring} is missing`,
    hint: ({ debianPackage }) => `sudo apt-get install ${debianPackage}`,
  }),
  MSP_KEY_MISSING: entry<{ keyring: string; keys: readonly string[]; debianPackage: string }>({
    exit: 6,
    message: ({ keyring, keys }) => `${keyring} holds none of the keys that sign this release (${keys.join(', ')})`,
    hint: ({ debianPackage }) => `sudo apt-get install ${debianPackage}, or --keyring FILE`,
  }),
  MSP_CLOCK_WRONG: entry<{ now: string; releaseDate: string; suite: string }>({
    exit: 6,
    message: ({ now, releaseDate, suite }) =>
      `the clock says ${now}, but ${suite} was released at ${releaseDate}: the clock is wrong`,
    hint: () => 'set the clock: sudo timedatectl set-ntp true',
  }),
  MSP_ARCHIVE_STALE: entry<{ suite: string; validUntil: string; url: string }>({
    exit: 8,
    message: ({ suite, validUntil, url }) =>
      `the index of ${suite} at ${url} was valid until ${validUntil}: the mirror is stale`,
    hint: () => 'use another mirror with --mirror URL',
  }),
  MSP_SUITE_NOT_FOUND: entry<{ suite: string; mirror: string }>({
    exit: 7,
    message: ({ suite, mirror }) => `${suite} is not on ${mirror}`,
    hint: () => 'name an archive that has it with --mirror URL',
  }),
  MSP_SIGNATURE_BAD: entry<{ url: string; keyring: string; problem: string }>({
    exit: 8,
    message: ({ url, keyring, problem }) => `the signature of ${url} does not verify with ${keyring}: ${problem}`,
    hint: () => 'the archive or the keyring is not the right one: --mirror URL, --keyring FILE',
  }),
  MSP_SIGNATURE_UNKNOWN: entry<{ url: string; keyring: string; keys: readonly string[] }>({
    exit: 8,
    message: ({ url, keyring, keys }) => `${url} is signed by a key that is not in ${keyring}: ${keys.join(', ')}`,
    hint: () => 'name the keyring of this archive with --keyring FILE',
  }),
  MSP_RELEASE_INVALID: entry<{ url: string; problem: string }>({
    exit: 7,
    message: ({ url, problem }) => `${url} is not a release file of an archive: ${problem}`,
  }),
  MSP_ARCHIVE_LACKS: entry<{ suite: string; mirror: string; what: string }>({
    exit: 2,
    message: ({ suite, mirror, what }) => `${suite} at ${mirror} has no ${what}`,
    hint: () => 'what there is: machinespawn images',
  }),
  MSP_ARCHIVE_CHANGED: entry<{ suite: string; mirror: string }>({
    exit: 7,
    message: ({ suite, mirror }) => `${suite} at ${mirror} was updated while it was read`,
    hint: () => 'machinespawn resume goes on with the new state',
  }),
  MSP_DEBOOTSTRAP_FAILED: entry<{ debootstrapCode: string; text: string; mirror: string }>({
    exit: 1,
    message: ({ debootstrapCode, text }) => `debootstrap stopped (${debootstrapCode}): ${text}`,
    hint: ({ debootstrapCode }) => debootstrapHints[debootstrapCode],
  }),
  MSP_DEBOOTSTRAP_NETWORK: entry<{ debootstrapCode: string; text: string; mirror: string }>({
    exit: 7,
    message: ({ debootstrapCode, text }) => `debootstrap could not download (${debootstrapCode}): ${text}`,
    hint: () => 'what is complete is kept; machinespawn resume goes on',
  }),
  MSP_DEBOOTSTRAP_SIGNATURE: entry<{ debootstrapCode: string; text: string; mirror: string }>({
    exit: 8,
    message: ({ debootstrapCode, text }) => `debootstrap could not verify the archive (${debootstrapCode}): ${text}`,
    hint: () => 'name the right keyring with --keyring FILE',
  }),
  MSP_PACKAGE_UNKNOWN: entry<{ packages: readonly string[]; suite: string }>({
    exit: 7,
    message: ({ packages, suite }) => `${suite} has no package ${packages.map((name) => `'${name}'`).join(', ')}`,
    hint: () => 'look at --include: a package may be in another component (--components)',
  }),
  MSP_APT_NETWORK: entry<{ text: string }>({
    exit: 7,
    message: ({ text }) => `apt could not download: ${text}`,
    hint: () => 'what is complete is kept; machinespawn resume goes on',
  }),
  MSP_PACKAGE_CORRUPT: entry<{ text: string; mirror: string }>({
    exit: 8,
    message: ({ text, mirror }) => `a package from ${mirror} has not the digest that the archive promises: ${text}`,
    hint: () => 'the bad file was not kept; try again or use another --mirror',
  }),
} as const;
