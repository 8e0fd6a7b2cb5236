/** What `import … from 'machinespawn/plugin'` means for plugins, wherever they lie: this very program. */
import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../package-root.ts';

const publicEntries = {
  machinespawn: 'index',
  'machinespawn/plugin': 'plugin',
  'machinespawn/testing': 'testing',
} as const;

/** Specifier -> URL. From the bundle it is the bundle's own entry, so that there is one error class and one zod. */
export const ownEntries: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(publicEntries).map(([specifier, name]) => [specifier, pathToFileURL(entryFile(name)).href]),
);

function entryFile(name: string): string {
  const here = import.meta.dirname;
  if (here.startsWith(join(packageRoot, 'src') + sep)) return join(packageRoot, 'src', `${name}.ts`);
  const bundled = join(packageRoot, 'dist/cli-bundle', `${name}.js`);
  return here.startsWith(join(packageRoot, 'dist/cli-bundle')) && existsSync(bundled)
    ? bundled
    : join(packageRoot, 'dist', `${name}.js`);
}
