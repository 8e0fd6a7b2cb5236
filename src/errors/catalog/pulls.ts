import { entry } from '../entry.ts';

/** Images that are pulled: what they are, whether they can be trusted, what is in them. */
export const pullErrors = {
  MSP_PULL_KIND: entry<{
    name: string;
    found: string;
    wanted: string;
    command: string | null;
    from: 'address' | 'file' | 'input';
  }>({
    exit: 2,
    message: ({ name, found, wanted }) => `${name} is ${found}, not ${wanted}`,
    hint: ({ command, from }) => {
      if (command !== null) return `sudo machinespawn ${command}`;
      return from === 'input' ? 'look at what the program before it gives' : `is it the right ${from}?`;
    },
  }),
  MSP_PULL_UNKNOWN: entry<{ image: string; nearest?: string | null; server: string }>({
    exit: 4,
    message: ({ image, server }) => `there is no image '${image}' at ${server}`,
    hint: ({ nearest }) => (nearest ? `did you mean '${nearest}'?` : undefined),
  }),
  MSP_PULL_INDEX: entry<{ url: string; problem: string }>({
    exit: 7,
    message: ({ url, problem }) => `${url} is not an index of images: ${problem}`,
    hint: () => 'name another server with --image-server URL',
  }),
  MSP_PULL_ARCH: entry<{
    name: string;
    arch: string;
    wanted: string;
    /** Is it one that there are machines of? */ isOurs?: boolean;
  }>({
    exit: 2,
    message: ({ name, arch, wanted }) => `${name} is for ${arch}, and ${wanted} was asked for`,
    hint: ({ arch, wanted, isOurs = true }) => (isOurs ? `--arch ${arch}` : `find one that is for ${wanted}`),
  }),
  MSP_PULL_MEMORY: entry<{ name: string; neededBytes: number; allowedBytes: number }>({
    exit: 2,
    message: ({ name, neededBytes, allowedBytes }) =>
      `${name} takes ${neededBytes / 1024 ** 2} MiB of memory to unpack it (the window of zstd), and ${allowedBytes / 1024 ** 2} are allowed`,
    hint: ({ neededBytes }) =>
      `unpack it by yourself: zstd -dc --long=${Math.ceil(Math.log2(neededBytes))} FILE | sudo machinespawn pull-tar - NAME (or pull-raw)`,
  }),
  MSP_PULL_CHANGED: entry<{ path: string }>({
    exit: 1,
    message: ({ path }) => `${path} was changed while it was read`,
    hint: () => 'the same command again',
  }),
  MSP_VERIFY_NONE: entry<{
    url: string;
    /** Of what came; null before it did. */
    sha256: string | null;
    /** Why what stands beside it does not count. */
    problems?: readonly string[];
    /** Name of a checksum that fits, and that nobody vouches for. */
    checksum?: string | null;
  }>({
    exit: 8,
    message: ({ url, problems = [] }) =>
      `refusing an unverified download over plain http: ${[url, ...problems].join('; ')}`,
    hint: ({ sha256, checksum }) =>
      `use https, or --sha256 HEX${sha256 === null ? '' : ` (what came has ${sha256})`}, or --keyring FILE;${checksum ? ` --verify=checksum takes ${checksum} as it is,` : ''} --verify=no turns the check off`,
  }),
  MSP_VERIFY_MISSING: entry<{
    url: string;
    wanted: string;
    /** What wants it, such as `--keyring`. */
    asked: string;
    problems?: readonly string[];
  }>({
    exit: 8,
    message: ({ url, wanted, problems = [] }) => `there is no ${wanted} for ${[url, ...problems].join('; ')}`,
    hint: ({ asked }) => `without ${asked} what is there counts, and --sha256 HEX compares with a digest that you know`,
  }),
  MSP_VERIFY_CHECKSUM: entry<{ url: string; expected: string; actual: string; source: string }>({
    exit: 8,
    message: ({ url, expected, actual, source }) => `${url} has the SHA-256 ${actual}, and ${source} says ${expected}`,
    hint: () => 'the file was not kept: it is damaged, or not the one that was meant',
  }),
  MSP_VERIFY_UNREADABLE: entry<{ place: string; name: string }>({
    exit: 8,
    message: ({ place, name }) => `${place} tells no SHA-256 of ${name} that can be understood`,
    hint: () => 'look into it; --sha256 HEX compares with a digest that you know',
  }),
  MSP_VERIFY_SIGNATURE: entry<{
    url: string;
    signature: string;
    problem: string;
    /** Is the file not to blame, so that it was kept? */
    isKept?: boolean;
  }>({
    exit: 8,
    message: ({ url, signature, problem }) => `the signature ${signature} of ${url} does not verify: ${problem}`,
    hint: ({ isKept = false }) =>
      isKept
        ? 'the publisher has to mend it; --sha256 HEX compares with a digest that you know'
        : 'the file was not kept; is --keyring FILE the right one?',
  }),
  MSP_VERIFY_KEY: entry<{ url: string; keyring: string; keys: readonly string[] }>({
    exit: 8,
    message: ({ url, keyring, keys }) => `${url} is signed by a key that is not in ${keyring}: ${keys.join(', ')}`,
    hint: () => 'name the keyring that has it with --keyring FILE',
  }),
  MSP_TAR_UNSAFE: entry<{ archive: string; entry: string; problem: string }>({
    exit: 8,
    message: ({ archive, entry: path, problem }) => `${archive} is not safe to unpack: '${path}': ${problem}`,
    hint: () => 'nothing of it was kept; such an archive is broken or malicious',
  }),
  MSP_TAR_TOO_LARGE: entry<{ archive: string; problem: string }>({
    exit: 8,
    message: ({ archive, problem }) => `${archive} is too large to be a machine: ${problem}`,
    hint: () =>
      'nothing of it was kept; a pipeline of your own can raise maxEntries, maxBytes, maxRatio and maxDevices of extract-image',
  }),
  MSP_TAR_DAMAGED: entry<{ archive: string; problem: string }>({
    exit: 8,
    message: ({ archive, problem }) => `${archive} is damaged: ${problem}`,
    hint: () => 'what was fetched was not kept: the same command fetches it anew; a file of your own needs a new copy',
  }),
  MSP_TAR_CUT: entry<{ archive: string; problem: string }>({
    exit: 8,
    message: ({ archive, problem }) => `${archive} ends too early: ${problem}`,
    hint: () => 'is it whole where it comes from? What was fetched was not kept: the same command fetches it anew',
  }),
  MSP_OCI_UNUSABLE: entry<{ archive: string; problem: string }>({
    exit: 2,
    message: ({ archive, problem }) => `${archive} is a container image that cannot be used: ${problem}`,
    hint: () => 'save one image for one architecture: docker save IMAGE, or skopeo copy … oci-archive:FILE',
  }),
  MSP_IMAGE_DAMAGED: entry<{ archive: string; problem: string }>({
    exit: 8,
    message: ({ archive, problem }) => `${archive} is damaged: ${problem}`,
    hint: () => 'what was fetched was not kept: the same command fetches it anew; a file of your own needs a new copy',
  }),
  MSP_IMAGE_REFUSED: entry<{ archive: string; problem: string }>({
    exit: 2,
    message: ({ archive, problem }) => `${archive} cannot be used as a disk image: ${problem}`,
    hint: () => 'make it one file that needs no other: qemu-img convert -O raw IMAGE disk.raw',
  }),
} as const;
