// Builds dist/ beside the old one and swaps at the end, so that a build cut short leaves the old one working.
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildCli } from './build-cli.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const fresh = join(root, `dist.new-${process.pid}`);
const old = join(root, `dist.old-${process.pid}`);

try {
  const tsc = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', fresh],
    { cwd: root, stdio: 'inherit' },
  );
  if (tsc.error) throw tsc.error;
  if (tsc.status !== 0) {
    process.exitCode = tsc.status ?? 1;
  } else {
    await buildCli(root, join(fresh, 'cli-bundle'));
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
  try {
    rmSync(old, { recursive: true, force: true });
  } catch (error) {
    // Root built it, through sudo: no reason for the user's own build to fail.
    process.stderr.write(`${old} cannot be removed: ${error.message}\n`);
  }
}
