import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pluginFiles } from '../../../src/plugins/plugin-files.ts';
import { resolvePlugin } from '../../../src/plugins/resolve-plugin.ts';
import { TrustStore } from '../../../src/plugins/trust-store.ts';

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'machinespawn-trust-'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));
const put = (name: string, text: string): string => {
  const path = join(place, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
};

describe('the digest of a plugin', () => {
  it('covers what it imports by relative paths, however that is written, and nothing else', async () => {
    const entry = put(
      'a/main.ts',
      `import { b } from './b.ts';\nimport './c.ts'; import x from 'x';\nconst u = new URL( "./p.yaml", import.meta.url);\n`,
    );
    put('a/b.ts', `export * from '../d.ts';\nexport const late = () => import('./e.ts');\n`);
    for (const name of ['a/c.ts', 'd.ts', 'a/e.ts', 'a/p.yaml', 'a/other.ts']) put(name, '\n');
    const before = await pluginFiles(entry);
    const names = before.files.map((file) => file.slice(place.length + 1));
    expect(names).toEqual(['a/b.ts', 'a/c.ts', 'a/e.ts', 'a/main.ts', 'a/p.yaml', 'd.ts']);
    put('a/other.ts', 'changed');
    expect(await pluginFiles(entry)).toEqual(before);
    put('d.ts', 'changed');
    expect((await pluginFiles(entry)).digest).not.toBe(before.digest);
  });
});

describe('what was trusted', () => {
  it('is remembered by path and digest, and asked anew when the memory is damaged', () => {
    const file = join(place, 'state/trusted-plugins.json');
    const store = new TrustStore(file);
    expect(store.state('/p.ts', 'a')).toBe('unknown');
    expect(store.remember('/p.ts', 'a', new Date(0))).toBe(true);
    expect(['a', 'b'].map((digest) => new TrustStore(file).state('/p.ts', digest))).toEqual(['trusted', 'changed']);
    expect(store.state('/q.ts', 'a')).toBe('unknown');
    expect(store.state('constructor', 'a')).toBe('unknown');
    writeFileSync(file, '{"format":2}');
    expect(store.state('/p.ts', 'a')).toBe('unknown');
    expect(new TrustStore('/dev/null/x').remember('/p.ts', 'a', new Date(0))).toBe(false);
  });
});

describe('a plugin is found', () => {
  it('by a path beside the file that names it, and by the name of a package above it', () => {
    const file = put('project/paint.ts', '');
    expect(resolvePlugin('./paint.ts', join(place, 'project'), 'x')).toMatchObject({ entry: file, origin: 'file' });
    const main = put('project/node_modules/machinespawn-plugin-a/lib/main.js', '');
    const manifest = { name: 'machinespawn-plugin-a', version: '1.2.3', exports: { '.': { import: './lib/main.js' } } };
    put('project/node_modules/machinespawn-plugin-a/package.json', JSON.stringify(manifest));
    mkdirSync(join(place, 'project/pipelines'));
    expect(resolvePlugin('machinespawn-plugin-a', join(place, 'project/pipelines'), 'x')).toEqual({
      entry: main,
      version: '1.2.3',
      origin: 'package',
    });
  });

  it('or it is said what named it', () => {
    for (const name of ['./none.ts', 'nosuch-plugin', '/dev'])
      expect(() => resolvePlugin(name, place, 'live.yaml, line 3,')).toThrow(
        expect.objectContaining({
          code: 'MSP_PLUGIN_NOT_FOUND',
          message: expect.stringMatching(/live\.yaml, line 3/u),
        }),
      );
  });
});
