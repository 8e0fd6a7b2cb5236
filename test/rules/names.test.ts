import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const MAX_LINES = 300;
const VAGUE_NAMES = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'types', 'misc', 'shared']);

function listFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const sources = listFiles('src');
const tests = listFiles('test');
const named = [...sources, ...tests, ...listFiles('scripts'), ...listFiles('bench'), ...listFiles('bin')].filter(
  (file) => /\.(?:ts|mjs|cjs|sh)$/.test(file),
);

describe('names', () => {
  it('looks at files at all', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(tests.length).toBeGreaterThan(5);
  });

  it('are in kebab-case', () => {
    expect(named.filter((file) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+)*$/.test(basename(file)))).toEqual([]);
  });

  it('say what the file is for', () => {
    expect(named.filter((file) => VAGUE_NAMES.has(basename(file).split('.')[0] ?? ''))).toEqual([]);
  });
});

describe('tests', () => {
  it('leave nothing out', () => {
    // Written apart, so that this file does not find itself.
    const leftOut = new RegExp(
      `\\b(?:it|test|describe)(?:\\.\\w+)*\\.(?:${['only', 'skip', 'todo', 'skipIf', 'runIf'].join('|')})\\b`,
    );
    const found = tests.filter((file) => file.endsWith('.ts') && leftOut.test(read(file)));
    expect(found).toEqual([]);
    expect(leftOut.test(['it', 'skip'].join('.'))).toBe(true);
  });
});

describe('files', () => {
  it(`of src have at most ${MAX_LINES} lines`, () => {
    const long = sources
      .map((file) => ({ file, lines: read(file).trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > MAX_LINES);
    expect(long).toEqual([]);
  });

  it('name no registry in the lock file', () => {
    const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { resolved?: string }> };
    const entries = Object.entries(lock.packages);
    expect(entries.length).toBeGreaterThan(50);
    expect(entries.filter(([, entry]) => entry.resolved !== undefined).map(([name]) => name)).toEqual([]);
  });

  it('of the lock file hold every platform, so that npm ci works with any npm', () => {
    const lock = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const missing = Object.entries(lock.packages).flatMap(([name, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (needed) =>
          !(`node_modules/${needed}` in lock.packages) && !(`${name}/node_modules/${needed}` in lock.packages),
      ),
    );
    expect(missing).toEqual([]);
  });
});
