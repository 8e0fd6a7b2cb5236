import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPlugins } from '../../../src/app-plugin-check.ts';
import { newPlugin } from '../../../src/app-plugin-new.ts';
import type { PluginReport } from '../../../src/app-plugin-types.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/plugins');
let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'machinespawn-plugins-'));
});
afterAll(async () => {
  await rm(place, { recursive: true, force: true });
});

const check = async (path: string, limits: { silenceMs?: number } = {}): Promise<PluginReport> => {
  const [report] = await checkPlugins(path, process.env, limits);
  if (report === undefined) throw new Error('there is no report');
  return report;
};

describe('a bad plugin', () => {
  let problems: Readonly<Record<string, string>>;
  beforeAll(async () => {
    const { checks } = await check(join(fixtures, 'bad'));
    problems = Object.fromEntries(checks.flatMap(({ name, problem }) => (problem === null ? [] : [[name, problem]])));
  }, 60_000);

  it.each([
    ['a loose schema', 'bad/loose-schema is well formed', /not a strict object|strict/u],
    [
      'writing past the services',
      'writes-past: a word: gives its output',
      /goes around the services: FileSystemWrite \/etc/u,
    ],
    ['starting programs', 'starts-programs: a word: gives its output', /goes around the services: ChildProcess/u],
    [
      'writing outside',
      'writes-outside: a word: gives its output',
      /wrote where it may not:\n\+ \/tmp\/machinespawn-bad/u,
    ],
    [
      'changing the tree of another step',
      'changes-input-tree: a tree: gives its output',
      /may not change a committed tree/u,
    ],
    ['ignoring a cancel', 'ignores-abort: a word: ends when cancelled at any moment', /it went on/u],
    ['returning what is no JSON', 'returns-no-json: a word: gives its output', /written as JSON and read again/u],
    ['throwing a text', 'throws-strings: a word: gives its output', /threw "boom", which is no Error/u],
    ['never ending', 'never-ends: a word: gives its output', /did not end within/u],
    ['editing its input', 'edits-input: a word: gives its output', /read only property 'word'/u],
    [
      'doing more each time',
      'adds-each-time: a word: survives a cut at every moment',
      /other files than without the cut/u,
    ],
  ])('is told that %s is a fault', (_, name, message) => {
    expect(problems[name]).toMatch(message);
  });

  it('did not touch this computer', () => {
    expect(existsSync('/etc/machinespawn-bad')).toBe(false);
  });
});

it('ends what blocks its whole process', async () => {
  const { checks } = await check(join(fixtures, 'stuck'), { silenceMs: 3000 });
  expect(checks.at(-1)).toEqual({
    name: 'spin: nothing: gives its output',
    problem: expect.stringMatching(/does not end, and blocks everything/u),
  });
});

it('finds nothing in a new plugin, wherever it lies', async () => {
  const files = await newPlugin('paint', place);
  expect(files.map((file) => file.slice(place.length))).toEqual([
    '/paint/paint.ts',
    '/paint/paint.test.ts',
    '/paint/paint.yaml',
    '/paint/README.md',
  ]);
  const { checks, untested } = await check(join(place, 'paint'));
  expect(checks.filter(({ problem }) => problem !== null)).toEqual([]);
  expect(checks.length).toBeGreaterThan(7);
  expect(untested).toEqual([]);
});

it('is a module where the package.json above it, as npm init writes it, says otherwise', async () => {
  const below = join(place, 'commonjs');
  await mkdir(below);
  await writeFile(join(below, 'package.json'), '{ "type": "commonjs" }\n');
  await newPlugin('paint', below);
  const { checks } = await check(join(below, 'paint'));
  expect(checks.filter(({ problem }) => problem !== null)).toEqual([]);
  expect(checks.length).toBeGreaterThan(7);
});

it('writes over no file and refuses a name that cannot be one', async () => {
  await newPlugin('twice', place);
  await expect(newPlugin('twice', place)).rejects.toMatchObject({ code: 'MSP_FILE_UNWRITABLE' });
  await expect(newPlugin('I/O', place)).rejects.toMatchObject({ code: 'MSP_USAGE' });
  await expect(newPlugin('iso', place)).rejects.toMatchObject({ code: 'MSP_USAGE' });
});

it('says that a step has no test, and what does not load', async () => {
  const file = join(place, 'alone.ts');
  const step =
    "defineStep({ id: 'a', summary: 'Do it', version: 1, input: z.strictObject({}), output: z.strictObject({}), reuse: 'run', run: async () => ({}) })";
  await writeFile(
    file,
    `import { definePlugin, defineStep, z } from 'machinespawn/plugin';\nexport default definePlugin({ name: 'alone', apiVersion: 1, summary: 'One', steps: { a: async () => ${step} } });\n`,
  );
  expect(await check(file)).toMatchObject({ untested: ['a'], checks: [{ problem: null }, { problem: null }] });
  await writeFile(file, 'export const plugin = { name: "alone", apiVersion: 9, summary: "x", steps: {} };\n');
  expect((await check(file)).checks.at(-1)?.problem).toMatch(/plugin API 9; this version has 1/u);
  await writeFile(file, 'process.exit(0);\n');
  expect((await check(file)).checks.at(-1)?.problem).toMatch(/the process of the check ended/u);
  await expect(checkPlugins(join(place, 'none.ts'), {})).rejects.toMatchObject({ code: 'MSP_PLUGIN_NOT_FOUND' });
  await expect(checkPlugins(join(import.meta.dirname), {})).rejects.toMatchObject({ code: 'MSP_PLUGIN_NOT_FOUND' });
});
