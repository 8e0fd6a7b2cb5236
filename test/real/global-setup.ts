/** Before the first file of the real tier: is it built, and where do all tests put their things? Removed after the last. */
import { spawnSync } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
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
  const root = mkdtempSync(join(tmpdir(), 'machinespawn-real-'));
  announceSharedRoot(root, await freePort());
  return () => {
    // Never across a mount that a test has left behind.
    const mounts = spawnSync('findmnt', ['-rno', 'TARGET'], { encoding: 'utf8' }).stdout.split('\n');
    for (const mount of mounts.filter((path) => path.startsWith(`${root}/`)).toReversed()) spawnSync('umount', [mount]);
    spawnSync('rm', ['-rf', '--one-file-system', root]);
    rmSync(root, { recursive: true, force: true, maxRetries: 3 });
  };
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
