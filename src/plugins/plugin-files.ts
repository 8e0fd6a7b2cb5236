/** The files that a plugin is made of, and the digest that its trust is about. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** After `from`, `import` or `import(`: a text that begins with a dot. URLs of pipelines are read the same way. */
const relative = /(?:\bfrom|\bimport|\bimport\s*\(|\bnew\s+URL\s*\()\s*(?:'(\.[^'\n]+)'|"(\.[^"\n]+)")/gu;

export interface PluginFiles {
  /** Absolute paths, sorted. */
  readonly files: readonly string[];
  /** SHA-256 over names and contents. */
  readonly digest: string;
}

/** What the entry imports by relative paths, and so on. Packages that it imports are not the plugin's own. */
export async function pluginFiles(entry: string): Promise<PluginFiles> {
  const found = new Map<string, Buffer>();
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    const content = await readFile(path).catch(() => null);
    // What is not there fails when it is imported, with Node's own words.
    if (content === null) continue;
    found.set(path, content);
    if (!/\.[cm]?[jt]s$/u.test(path)) continue;
    for (const [, single, double] of content.toString('utf8').matchAll(relative)) {
      waiting.push(resolve(dirname(path), single ?? double ?? ''));
    }
  }
  const files = [...found.keys()].toSorted();
  const hash = createHash('sha256');
  for (const path of files) {
    const content = found.get(path) ?? Buffer.alloc(0);
    hash.update(`${path.slice(dirname(entry).length)}\n${content.length}\n`).update(content);
  }
  return { files, digest: hash.digest('hex') };
}
