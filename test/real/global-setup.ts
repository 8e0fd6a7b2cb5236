/** Before the first file of the real tier: is it built, and where do all tests put their things? Removed after the last. */
import { spawnSync } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programVariable } from './support/machinespawn.ts';
import { announceSharedRoot } from './support/shared-place.ts';

const repository = join(import.meta.dirname, '../..');
const entry = join(repository, 'dist/cli-bundle/bin.js');

export default async function setUp(): Promise<() => void> {
  if (process.getuid?.() !== 0) throw new TypeError('the real tier needs root: npm run test:real');
  if (process.env[programVariable] === undefined && (!existsSync(entry) || statSync(entry).mtimeMs < newestSource())) {
    throw new TypeError('dist is missing or older than src: npm run build');
  }
  const place = mkdtempSync(join(tmpdir(), 'machinespawn-real-'));
  const root = mountDisk(place);
  announceSharedRoot(root, await freePort());
  return () => {
    // Whatever a test has left mounted goes first.
    const mounts = run('findmnt', ['-rno', 'TARGET']).split('\n');
    // Lazily: a program that a test has left would hold it, and it goes with that program.
    for (const mount of mounts.filter((path) => path.startsWith(`${place}/`)).toReversed())
      run('umount', ['-l', mount]);
    rmSync(place, { recursive: true });
  };
}

/**
 * A disk of the tests' own, in the mount namespace of this tier: no sync waits for anybody else's data, and a million
 * files are gone at once with its image. Nothing in it has to outlive a power cut, so it has no journal and no barriers.
 */
function mountDisk(place: string): string {
  const [image, root] = [join(place, 'disk.img'), join(place, 'disk')];
  mkdirSync(root);
  run('truncate', ['--size', '64G', image]);
  run('mkfs.ext4', ['-q', '-F', '-O', '^has_journal', '-N', '4000000', '-E', 'lazy_itable_init=1', image]);
  run('mount', ['-o', 'loop,nobarrier,noinit_itable', image, root]);
  chmodSync(root, 0o755);
  return root;
}

function run(file: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new TypeError(`${file} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

function newestSource(): number {
  const files = readdirSync(join(repository, 'src'), { recursive: true, withFileTypes: true });
  return Math.max(
    ...files.filter((file) => file.isFile()).map((file) => statSync(join(file.parentPath, file.name)).mtimeMs),
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
