/**
 * A network and a view of files in which the names of public archives lead to a test. Nothing of the product knows of it:
 * it asks for http://deb.debian.org/…, and so does the wget of debootstrap; /etc/hosts says 127.0.0.1, where the only
 * network device is the loopback, and where port 80 belongs to the test.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';

const program = join(import.meta.dirname, '../fixtures/programs/listen-on-port-80.ts');

// Arguments: pairs of what is bound to where, then "--", then the program.
const enter = `set -e
ip link set lo up
while [ "$1" != -- ]; do mount --bind -- "$1" "$2"; shift 2; done
shift
exec "$@"`;

export interface PrivateNetwork {
  /** Listens on port 80 of 127.0.0.1 in there; whoever takes it serves from this process. */
  readonly listener: Server;
  /** Words before a command that run it in there. */
  readonly wrapper: readonly string[];
  /** Ends the namespaces. What still runs in them keeps them until it ends. */
  close(): Promise<void>;
}

export interface NetworkSpec {
  /** For its hosts file; an existing directory. */
  readonly directory: string;
  /** Names that lead to the test. No other name leads anywhere. */
  readonly hosts: readonly string[];
  /** Files or directories that stand in the place of the host's. */
  readonly binds?: readonly { readonly from: string; readonly to: string }[];
}

/** Needs root. */
export async function openPrivateNetwork({ directory, hosts, binds = [] }: NetworkSpec): Promise<PrivateNetwork> {
  const places = { hosts: join(directory, 'hosts'), nsswitch: join(directory, 'nsswitch.conf') };
  writeFileSync(places.hosts, ['127.0.0.1 localhost', ...hosts.map((host) => `127.0.0.1 ${host}`), ''].join('\n'));
  writeFileSync(places.nsswitch, 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n');
  const bound = [
    { from: places.hosts, to: '/etc/hosts' },
    { from: places.nsswitch, to: '/etc/nsswitch.conf' },
    ...binds,
  ].flatMap(({ from, to }) => [from, to]);
  const child = spawn(
    'unshare',
    [
      '--net',
      '--mount',
      '--propagation',
      'slave',
      '--',
      'sh',
      '-c',
      enter,
      'sh',
      ...bound,
      '--',
      process.execPath,
      program,
    ],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const listener = await new Promise<Server>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new TypeError(`the private network could not be made: exit code ${code}`)));
    child.once('message', (_message, handle) => resolve(handle as Server));
  });
  const wrapper = ['nsenter', `--target=${child.pid}`, '--net', '--mount', '--'];
  return {
    listener,
    wrapper,
    close: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
