/** Where the plugin is that a pipeline or an option names. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire, findPackageJSON } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail } from '../errors/machinespawn-error.ts';

export interface FoundPlugin {
  /** Absolute path of the file to import. */
  readonly entry: string;
  /** Version in its package.json; null for a plain file. */
  readonly version: string | null;
  readonly origin: 'file' | 'package';
}

const suffix = /\.[cm]?[jt]s$/u;

/**
 * `name`: a path (it begins with a dot or a slash, or ends in .js or .ts), or the name of an npm package.
 * `from`: the directory that paths and packages are looked for from. `askedBy`: for the message.
 * Throws MSP_PLUGIN_NOT_FOUND.
 */
export function resolvePlugin(name: string, from: string, askedBy: string): FoundPlugin {
  const isPath = name.startsWith('.') || isAbsolute(name) || suffix.test(name);
  try {
    const found = isPath ? fromPath(resolve(from, name)) : fromPackage(name, from);
    // As Node imports it: a link is not another plugin.
    return { ...found, entry: realpathSync(found.entry) };
  } catch (error) {
    const problem = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw fail('MSP_PLUGIN_NOT_FOUND', { plugin: name, askedBy, problem }, error);
  }
}

function fromPath(path: string): FoundPlugin {
  if (statSync(path).isFile()) return { entry: path, version: null, origin: 'file' };
  const manifest = join(path, 'package.json');
  const { version = null } = JSON.parse(readFileSync(manifest, 'utf8')) as { version?: string };
  return { entry: createRequire(manifest).resolve(path), version, origin: 'file' };
}

function fromPackage(name: string, from: string): FoundPlugin {
  const base = pathToFileURL(join(from, 'pipeline.yaml'));
  const manifest = findPackageJSON(name, base);
  if (manifest === undefined) throw new TypeError(`there is no package '${name}' above ${from}`);
  const content = JSON.parse(readFileSync(manifest, 'utf8')) as { version?: string; exports?: unknown; main?: string };
  const entry = entryOf(content.exports) ?? content.main ?? 'index.js';
  const path = resolve(dirname(manifest), entry);
  statSync(path);
  return { entry: path, version: content.version ?? null, origin: 'package' };
}

/** Of "exports", what an import of the package itself gives; null where there is none. */
function entryOf(exports: unknown): string | null {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null || Array.isArray(exports)) return null;
  const table = exports as Readonly<Record<string, unknown>>;
  for (const key of ['.', 'node', 'import', 'module-sync', 'default']) {
    const found = Object.hasOwn(table, key) ? entryOf(table[key]) : null;
    if (found !== null) return found;
  }
  return null;
}
