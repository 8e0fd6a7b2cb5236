/** Lets plugins import us from any directory, and lets nothing of theirs load that was not looked at before. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { fail } from '../errors/machinespawn-error.ts';
import { packageRoot } from '../package-root.ts';
import { ownEntries } from './own-entries.ts';

/** Files that make up a plugin: its entry by its directory, and what was read of it. */
export interface KnownFiles {
  /** Below it, only known files load; what lies in a node_modules is not the plugin's own. */
  readonly directory: string;
  readonly files: ReadonlySet<string>;
  readonly plugin: string;
}

/** Ours load when they are needed, also where a plugin lies in a directory above them. */
const own = ['src', 'dist'].map((name) => `${packageRoot}/${name}/`);
const known: KnownFiles[] = [];
let isInstalled = false;

/** From now on, no other file of this plugin loads than those that were trusted. */
export function allowOnly(files: KnownFiles): void {
  known.push(files);
  installImportHooks();
}

export function installImportHooks(): void {
  if (isInstalled) return;
  isInstalled = true;
  registerHooks({
    resolve: (specifier, context, next) => {
      const url = Object.hasOwn(ownEntries, specifier) ? ownEntries[specifier] : undefined;
      return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
    },
    load: (url, context, next) => {
      if (!url.startsWith('file:')) return next(url, context);
      const path = fileURLToPath(url);
      refuseUnknown(path);
      return next(url, { ...context, format: formatOf(path, context.format) });
    },
  });
}

/**
 * `npm init` writes "type": "commonjs" above a plugin that has nothing to do with it, and where no type stands Node warns.
 * Its files say themselves what they are.
 */
function formatOf(path: string, format: string | null | undefined): string | null | undefined {
  const isOpen = format === null || format === undefined || format.startsWith('commonjs');
  if (!isOpen || !/\.[jt]s$/u.test(path) || ownersOf(path).length === 0) return format;
  const isModule = /^(?:import|export)\b/mu.test(readFileSync(path, 'utf8'));
  if (!isModule) return format;
  return path.endsWith('.ts') ? 'module-typescript' : 'module';
}

function ownersOf(path: string): readonly KnownFiles[] {
  return known.filter(
    ({ directory }) => path.startsWith(directory) && !path.slice(directory.length).includes('node_modules/'),
  );
}

function refuseUnknown(path: string): void {
  if (own.some((directory) => path.startsWith(directory))) return;
  const owners = ownersOf(path);
  if (owners.length === 0 || owners.some(({ files }) => files.has(path))) return;
  const plugin = owners[0]?.plugin ?? '';
  throw fail('MSP_PLUGIN_INVALID', {
    plugin,
    problem: `it loads ${path}, which none of its imports names: write import '…' or import('…') with a plain text`,
  });
}
