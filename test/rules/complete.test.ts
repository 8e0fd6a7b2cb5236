/** Folder = table = docs = tests: nothing is forgotten, and nothing is left over. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtInPlugins } from '../../src/app-built-in-plugins.ts';
import { createApp } from '../../src/app.ts';
import { commandAliases, commandTable } from '../../src/cli/command-table.ts';
import type { AnyCommand } from '../../src/cli/command.ts';
import { catalog } from '../../src/errors/catalog.ts';
import { corePlugin } from '../../src/steps/index.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Names of the files directly in a folder, without their ending. */
function namesIn(folder: string, ending: string): readonly string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .toSorted();
}

/** Headings of a page, of one level. */
function headings(page: string, level: string): readonly string[] {
  return [...read(page).matchAll(new RegExp(`^${level} (.+)$`, 'gmu'))].map(([, text = '']) => text).toSorted();
}

function textsBelow(...folders: readonly string[]): string {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')),
    )
    .join('\n');
}

describe('steps', () => {
  const table = Object.keys(corePlugin.steps).toSorted();

  it('have a file, a line of the table, a page and a test each', () => {
    expect(table.length).toBeGreaterThan(10);
    expect(namesIn('src/steps', '.ts').filter((name) => name !== 'index' && name !== 'define-step')).toEqual(table);
    const bundled = builtInPlugins.flatMap(({ name, steps }) => Object.keys(steps).map((id) => `${name}/${id}`));
    expect(bundled.length).toBeGreaterThan(0);
    expect(headings('docs/reference/steps.md', '##')).toEqual([...table, ...bundled].toSorted());
    expect(namesIn('test/unit/steps', '.test.ts')).toEqual(expect.arrayContaining(table));
  });

  it('are called as their files, and say what they do without a full stop', async () => {
    for (const [id, load] of Object.entries(corePlugin.steps)) {
      const step = await load();
      expect(step.id).toBe(id);
      expect(step.summary).toMatch(/^[A-Z].*[^.]$/u);
    }
  });
});

describe('commands', () => {
  const table = Object.keys(commandTable).toSorted();

  it('have a file, a line of the table and a page each', () => {
    expect(table.length).toBeGreaterThan(15);
    const files = table.map((name) => name.replaceAll(' ', '-')).toSorted();
    expect(namesIn('src/cli/commands', '.ts')).toEqual(files);
    expect(headings('docs/reference/commands.md', '###')).toEqual(table);
  });

  it('are called as the table calls them, with their aliases and examples', async () => {
    const aliases = new Map<string, string>();
    for (const [name, row] of Object.entries(commandTable)) {
      const command: AnyCommand = await row.load();
      expect(command.name).toBe(name);
      expect(command.examples.length).toBeGreaterThan(0);
      for (const alias of [...(command.aliases ?? []), ...(command.hiddenAliases ?? [])]) aliases.set(alias, name);
    }
    expect(Object.fromEntries(aliases)).toEqual(commandAliases);
  });

  it('are each run by a test', () => {
    const tests = textsBelow('test/unit/app', 'test/unit/cli', 'test/real');
    // As the words of an argument list, or as a line that is split into words.
    const untested = table.filter((name) => {
      const words = name.split(' ').map((word) => `'${word}'`);
      return !tests.includes(words.join(', ')) && !new RegExp(`['"\`]${name}(?=['"\` ])`, 'u').test(tests);
    });
    expect(untested).toEqual([]);
  });
});

describe('errors', () => {
  const codes = Object.keys(catalog).toSorted();

  it('stand in docs/errors.md, and nothing else does', () => {
    expect(codes.length).toBeGreaterThan(30);
    expect(headings('docs/errors.md', '###')).toEqual(codes);
  });

  it('are each provoked by some test', () => {
    const tests = textsBelow('test/unit', 'test/real');
    expect(codes.filter((code) => !new RegExp(`\\b${code}\\b`, 'u').test(tests))).toEqual([]);
  });

  it('are each thrown by something', () => {
    const sources = textsBelow('src').replaceAll(/^ {2}MSP_[A-Z_]+: entry/gmu, '');
    expect(codes.filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
  });
});

describe('pipelines', () => {
  const app = createApp({ environment: {}, cwd: root, argv: [] });
  const files = readdirSync(join(root, 'pipelines')).toSorted();

  it('are each listed as built-in', async () => {
    const listed = await app.listPipelines();
    expect(files.length).toBeGreaterThan(4);
    expect(listed.map(({ name }) => `${name}.yaml`).toSorted()).toEqual(files);
    expect(listed.every(({ origin }) => origin === 'builtin')).toBe(true);
  });

  it.each(files)('%s is valid', async (file) => {
    expect(await app.validatePipeline(`pipelines/${file}`, null)).toEqual([]);
  });
});

describe('README', () => {
  it('gives the two commands of a fresh machine', () => {
    expect(read('README.md')).toContain('\nnpm ci && npx machinespawn -y debian-bookworm bread\n');
    expect(read('README.md')).toContain('\nnpm ci && npm test\n');
  });

  it('links to what is there', () => {
    const links = [...read('README.md').matchAll(/\]\((?!https?:)([^)#]+)/gu)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThan(8);
    for (const path of links) expect(() => read(path)).not.toThrow();
  });

  it('knows no option that is not there', () => {
    const known = read('docs/reference/commands.md');
    const options = [...new Set(read('README.md').match(/(?<=[\s`])--[a-z][a-z-]+/gu))];
    expect(options.length).toBeGreaterThan(8);
    expect(options.filter((option) => !known.includes(option))).toEqual([]);
  });
});
