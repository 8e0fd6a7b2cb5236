// After `npm ci` in a clone: build, and put our own command where `npx machinespawn` finds it without asking.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs';
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

// `npx machinespawn` in the clone comes through here each time (npm 9 to 11 install the package into npx's cache first).
function isBuilt() {
  const bundle = join(root, 'dist/cli-bundle/bin.js');
  if (!existsSync(bundle)) return false;
  const built = statSync(bundle).mtimeMs;
  const isOlder = (path) => statSync(path).mtimeMs < built;
  const sources = ['src', 'scripts'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true }).map((entry) =>
      join(entry.parentPath ?? entry.path, entry.name),
    ),
  );
  return [join(root, 'package-lock.json'), ...sources].every(isOlder);
}

// Without development dependencies there is nothing to build with.
const canBuild = ['typescript', 'esbuild'].every((name) => existsSync(join(root, 'node_modules', name)));
if (canBuild) linkCommand();
if (canBuild && !isBuilt()) {
  const packagedNode = join(root, 'node_modules/node/bin/node');
  const node = existsSync(packagedNode) ? packagedNode : process.execPath;
  const build = spawnSync(node, [join(root, 'scripts/build.mjs')], { cwd: root, stdio: 'inherit' });
  if (build.error) throw build.error;
  process.exitCode = build.status ?? 1;
} else if (!canBuild) {
  process.stderr.write('machinespawn: development dependencies are absent, nothing is built\n');
}
