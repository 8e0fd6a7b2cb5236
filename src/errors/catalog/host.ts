import { entry } from '../entry.ts';

/** What the host lacks, and programs that fail. */
export const hostErrors = {
  MSP_TOOL_MISSING: entry<{ tool: string; debianPackage: string }>({
    exit: 6,
    message: ({ tool }) => `${tool} is not installed`,
    hint: ({ debianPackage }) => `sudo apt-get install ${debianPackage}`,
  }),
  MSP_ROOT_NEEDED: entry<{ command: string }>({
    exit: 6,
    message: () => 'this needs root, and sudo cannot give it',
    hint: ({ command }) => command,
  }),
  MSP_BINFMT_MISSING: entry<{ arch: string; problem: string }>({
    exit: 6,
    message: ({ arch, problem }) => `this host cannot run ${arch} programs: ${problem}`,
    hint: () => 'sudo apt-get install qemu-user-static binfmt-support',
  }),
  MSP_SPACE_LOW: entry<{ path: string; freeBytes: number; neededBytes: number }>({
    exit: 6,
    message: ({ path, freeBytes, neededBytes }) =>
      `not enough space at ${path}: ${Math.floor(freeBytes / 1048576)} MiB free, ${Math.ceil(neededBytes / 1048576)} MiB needed`,
    hint: () => 'machinespawn clean-cache, or another --cache-dir or --machines-dir',
  }),
  MSP_DISK_FULL: entry<{ path: string }>({
    exit: 6,
    message: ({ path }) => `the disk is full at ${path}`,
    hint: () => 'make space (machinespawn clean-cache), then: machinespawn resume',
  }),
  MSP_TOOL_FAILED: entry<{
    tool: string;
    exitCode: number | null;
    signal?: string | null;
    tail: string;
    command: string;
    /** It was ended because it wrote nothing for too long. */
    isIdle?: boolean;
  }>({
    exit: 1,
    message: ({ tool, exitCode, signal, tail }) =>
      `${tool} ${signal ? `was ended by ${signal}` : `exited with code ${exitCode ?? 'none'}`}${tail ? `\n${tail}` : ''}`,
  }),
  MSP_FILE_UNREADABLE: entry<{ path: string; problem: string; hint?: string }>({
    exit: 1,
    message: ({ path, problem }) => `${path} cannot be read: ${problem}`,
    hint: ({ hint }) => hint,
  }),
  MSP_FILE_UNWRITABLE: entry<{ path: string; problem: string }>({
    exit: 1,
    message: ({ path, problem }) => `${path} cannot be written: ${problem}`,
  }),
  MSP_TREE_HAS_MOUNTS: entry<{ path: string; mounts: readonly string[] }>({
    exit: 5,
    message: ({ path, mounts }) => `something is mounted inside ${path}: ${mounts.join(', ')}`,
    hint: ({ mounts }) => `sudo umount ${mounts.join(' ')}`,
  }),
  MSP_LOCK_BUSY: entry<{ lock: string; holder: string | null }>({
    exit: 5,
    message: ({ lock, holder }) => `${lock} is in use${holder ? ` by ${holder}` : ''}`,
  }),
  MSP_LOCK_UNSUPPORTED: entry<{ path: string; problem: string }>({
    exit: 6,
    message: ({ path, problem }) => `the lock ${path} cannot be taken: ${problem}`,
  }),
  MSP_NETWORK: entry<{ url: string; problem: string; /** Another try would not help. */ final?: boolean }>({
    exit: 7,
    message: ({ url, problem }) => `${url} cannot be reached: ${problem}`,
    hint: ({ final }) =>
      final === true
        ? 'look at the address'
        : 'check the network and the address, or use another server; machinespawn resume goes on',
  }),
  MSP_REDIRECT_LOOP: entry<{ url: string; times: number }>({
    exit: 7,
    message: ({ url, times }) => `${url} is redirected more than ${times} times`,
    hint: () => 'the server, or a proxy before it, goes in circles: use another server, or --proxy none',
  }),
  MSP_REDIRECT_REFUSED: entry<{ url: string; location: string }>({
    exit: 7,
    message: ({ url, location }) => `${url} is redirected to '${location}', which is no http or https address`,
    hint: () => 'name the address that it should lead to, or use another server, or --proxy none',
  }),
  MSP_TLS_UNTRUSTED: entry<{ url: string; problem: string }>({
    exit: 7,
    message: ({ url, problem }) => `${url} is not trusted, its certificate cannot be verified: ${problem}`,
    hint: () =>
      "NODE_EXTRA_CA_CERTS=FILE.pem in the environment trusts an authority of your own; is this host's clock right?",
  }),
  MSP_HTTP_STATUS: entry<{ url: string; status: number; afterMs?: number }>({
    exit: 7,
    message: ({ url, status }) => `${url} answers ${status}`,
    hint: ({ status }) =>
      status === 401 ? 'it wants a user and a password: https://USER:PASSWORD@HOST/…, in each command' : undefined,
  }),
} as const;
