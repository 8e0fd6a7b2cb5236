// After `npm ci` in a clone: build, and put our own command where `npx machinespawn` finds it without asking.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const TARGET = '../../bin/machinespawn.cjs';

function linkCommand() {
  const link = join(root, 'node_modules/.bin/machinespawn');
  mkdirSync(dirname(link), { recursive: true });
  chmodSync(join(root, 'bin/machinespawn.cjs'), 0o755);
  try {
    if (readlinkSync(link) === TARGET) return;
  } catch {
    // Not there, or not a link.
  }
  rmSync(link, { force: true });
  symlinkSync(TARGET, link);
}

// Without development dependencies there is nothing to build with.
const canBuild = ['typescript', 'esbuild'].every((name) => existsSync(join(root, 'node_modules', name)));
if (canBuild) {
  linkCommand();
  const packagedNode = join(root, 'node_modules/node/bin/node');
  const node = existsSync(packagedNode) ? packagedNode : process.execPath;
  const build = spawnSync(node, [join(root, 'scripts/build.mjs')], { cwd: root, stdio: 'inherit' });
  if (build.error) throw build.error;
  process.exitCode = build.status ?? 1;
} else {
  process.stderr.write('machinespawn: development dependencies are absent, nothing is built\n');
}
