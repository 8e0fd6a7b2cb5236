// An `npm ci` under Debian 12's own Node (18) leaves out, without a word, the native parts of tools that want a newer one:
// they are optional packages, and npm drops those whose "engines" do not fit. Under the packaged Node they come.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** @returns {string[]} places of optional packages for this machine that the lock file has and node_modules has not */
function absentPackages(root) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([, { optional, os, cpu, libc }]) => {
      const fits = os?.includes(process.platform) && cpu?.includes(process.arch) && libc?.includes('musl') !== true;
      return optional === true && fits;
    })
    .map(([place]) => place)
    .filter((place) => !existsSync(join(root, place)));
}

/** Installs them with the Node that comes first in PATH. Throws when they are still absent after that. */
export function completeInstall(root) {
  const absent = absentPackages(root);
  if (absent.length === 0) return;
  process.stdout.write(`npm left out, for its Node was too old: ${absent.join(', ')}; installing them\n`);
  // npm's own note of what is there says that nothing is missing.
  rmSync(join(root, 'node_modules/.package-lock.json'), { force: true });
  spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund'], { cwd: root, stdio: 'inherit' });
  const still = absentPackages(root);
  if (still.length > 0) throw new Error(`npm did not install ${still.join(', ')}`);
}
