/** The product as it was built, trusting the twins instead of the real keys. Only the fingerprints are other ones. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestKey } from './test-keys.ts';

export interface TwinProduct {
  /** For `node PROGRAM …`, as bin/machinespawn.cjs is. */
  readonly program: string;
  /** The library's entry. */
  readonly library: string;
}

/**
 * `program`: bin/machinespawn.cjs of the package to copy. Throws when a fingerprint is not found in what was built:
 * a product that knows its keys in another way would not be tested.
 */
export function makeTwinProduct(program: string, directory: string, twins: ReadonlyMap<string, TestKey>): TwinProduct {
  const root = dirname(dirname(program));
  for (const part of ['package.json', 'bin', 'pipelines', 'dist/cli-bundle']) {
    cpSync(join(root, part), join(directory, part), { recursive: true });
  }
  const bundle = join(directory, 'dist/cli-bundle');
  const missing = new Set(twins.keys());
  for (const entry of readdirSync(bundle, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.js')) continue;
    const file = join(entry.parentPath, entry.name);
    const text = readFileSync(file, 'utf8');
    const changed = text.replaceAll(/\b[0-9A-F]{40}\b/gu, (fingerprint) => {
      missing.delete(fingerprint);
      return twins.get(fingerprint)?.fingerprint ?? fingerprint;
    });
    if (changed !== text) writeFileSync(file, changed);
  }
  if (missing.size > 0) throw new TypeError(`${root} does not name the keys ${[...missing].join(', ')}`);
  return { program: join(directory, 'bin/machinespawn.cjs'), library: join(bundle, 'index.js') };
}
