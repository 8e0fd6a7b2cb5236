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
  MSP_KEYRING_MISSING: entry<{
    keyring: string;
    /** Null for a file that no package has. */
    debianPackage: string | null;
    problem?: string;
  }>({
    exit: 6,
    message: ({ keyring, problem }) =>
      `the keyring ${keyring} is missing${problem === undefined ? '' : `, and cannot be fetched: ${problem}`}`,
    hint: ({ debianPackage }) =>
      debianPackage === null
        ? 'is the path right? --keyring takes the file with the public keys of the publisher'
        : `sudo apt-get install ${debianPackage}${debianPackage === 'ubuntu-keyring' ? ' (Debian 12 has none: --keyring FILE there)' : ''}`,
  }),
  MSP_KEYRING_UNUSABLE: entry<{ keyring: string }>({
    exit: 6,
    message: ({ keyring }) => `${keyring} is not a keyring: there are no public keys in it`,
    hint: () => 'gpg --export KEY >FILE makes one, with --armor or without',
  }),
  MSP_KEY_MISSING: entry<{ keyring: string; keys: readonly string[]; debianPackage: string }>({
    exit: 6,
    message: ({ keyring, keys }) => `${keyring} holds none of the keys that sign this release (${keys.join(', ')})`,
    hint: ({ debianPackage }) => `sudo apt-get install ${debianPackage}, or --keyring FILE`,
  }),
  MSP_CLOCK_WRONG: entry<{ now: string; releaseDate: string; suite: string; serverDate?: string }>({
    exit: 6,
    message: ({ now, releaseDate, suite, serverDate }) =>
      serverDate === undefined
        ? `the clock says ${now}, but ${suite} was released at ${releaseDate}: the clock is wrong`
        : `the clock says ${now}, but the server of ${suite} says ${serverDate}: the clock is wrong`,
    hint: () => 'set the clock: sudo timedatectl set-ntp true',
  }),
  MSP_ARCHIVE_STALE: entry<{ suite: string; validUntil: string; url: string }>({
    exit: 8,
    message: ({ suite, validUntil, url }) =>
      `the index of ${suite} at ${url} was valid until ${validUntil}: the mirror is stale`,
    hint: () =>
      'use another mirror with --mirror URL; if this one is frozen on purpose, --check-valid-until no takes it as it is',
  }),
  MSP_ARCHIVE_REPLAYED: entry<{ suite: string; mirror: string; date: string; lastDate: string; memory: string }>({
    exit: 8,
    message: ({ suite, mirror, date, lastDate }) =>
      `${suite} at ${mirror} is of ${date}, but one of ${lastDate} was seen there before: an old state is played back`,
    hint: ({ memory }) =>
      `use another mirror with --mirror URL; if this one was set back on purpose: sudo rm ${memory}`,
  }),
  MSP_ARCHIVE_UNSIGNED: entry<{ url: string }>({
    exit: 8,
    message: ({ url }) => `${url} is not signed`,
    hint: () => 'use a signed archive with --mirror URL; an unsigned one is never built from',
  }),
  MSP_ARCHIVE_HTML: entry<{ url: string }>({
    exit: 7,
    message: ({ url }) => `${url} is a web page and not the index of an archive`,
    hint: () => 'does this network want a log-in first? Otherwise the address is wrong: --mirror URL',
  }),
  MSP_KEY_EXPIRED: entry<{ url: string; keyring: string; keys: readonly string[] }>({
    exit: 8,
    message: ({ url, keyring, keys }) =>
      `the key that signed ${url} has expired, as ${keyring} says: ${keys.join(', ')}`,
    hint: () => 'update the package of the keyring, or name a newer one with --keyring FILE',
  }),
  MSP_INDEX_CORRUPT: entry<{ text: string; mirror: string }>({
    exit: 8,
    message: ({ text, mirror }) => `a list of packages at ${mirror} is not what its signed index promises: ${text}`,
    hint: () =>
      'nothing of it was kept; the mirror may be in the middle of an update: try again or use another --mirror',
  }),
  MSP_OFFLINE: entry<{ what: string }>({
    exit: 7,
    message: ({ what }) => `--offline: ${what} is not in the cache`,
    hint: () => 'the same command without --offline',
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
  MSP_PACKAGE_UNKNOWN: entry<{
    packages: readonly string[];
    suite: string;
    /** Names that are near, or that provide it. */ instead?: readonly string[];
  }>({
    exit: 7,
    message: ({ packages, suite }) => `${suite} has no package ${packages.map((name) => `'${name}'`).join(', ')}`,
    hint: ({ instead = [] }) =>
      instead.length > 0
        ? `there is ${instead.join(', ')}; a package may also be in another component (--components)`
        : 'look at --include: a package may be in another component (--components)',
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
  MSP_PACKAGE_BROKEN: entry<{ package: string; problem: string }>({
    exit: 1,
    message: ({ package: name, problem }) => `the package ${name} is broken: ${problem}`,
    hint: () => 'the archive promises this very file: leave the package out (--exclude), or use another --mirror',
  }),
  MSP_PACKAGE_HOSTILE: entry<{ package: string; entry: string; problem: string }>({
    exit: 8,
    message: ({ package: name, entry: path, problem }) => `the package ${name} is refused for '${path}': ${problem}`,
    hint: () => 'such a package does not belong into an archive: do not trust where it comes from',
  }),
  MSP_PACKAGE_COMPRESSION: entry<{ package: string; member: string }>({
    exit: 1,
    message: ({ package: name, member }) => `the package ${name} has a member of an unknown compression, ${member}`,
    hint: () => 'a newer machinespawn may know it; or: --with debootstrap',
  }),
  MSP_PACKAGE_SCRIPT: entry<{ package: string; script: string; tail: string }>({
    exit: 1,
    message: ({ package: name, script, tail }) => `${script} of ${name} failed${tail === '' ? '' : `\n${tail}`}`,
    hint: () => 'look around in the tree with --debug-shell, or keep it with --keep-failed',
  }),
  MSP_PACKAGE_SCRIPT_HANGS: entry<{ package: string; script: string; seconds: number; tail: string }>({
    exit: 1,
    message: ({ package: name, script, seconds, tail }) =>
      `${script} of ${name} said nothing for ${seconds} s and was ended${tail === '' ? '' : `\n${tail}`}`,
    hint: () => 'it may wait for an answer or for a service: look around in the tree with --debug-shell',
  }),
  MSP_WAY_UNFIT: entry<{ way: string; image: string; problem: string }>({
    exit: 2,
    message: ({ way, image, problem }) => `${image} cannot be built with ${way}: ${problem}`,
    hint: () => '--with auto takes the fastest way that is right',
  }),
} as const;
