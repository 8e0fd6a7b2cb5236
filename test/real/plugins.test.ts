/** Plugins in real runs: trust, versions, what they cannot harm, and the package installed elsewhere. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseEvent } from './support/kill-chain.ts';
import {
  errorOf,
  machinespawn,
  machinespawnOk,
  newPlace,
  program,
  type Ended,
  type Place,
} from './support/machinespawn.ts';

const repository = join(import.meta.dirname, '../..');
let place: Place;
let project: string;
beforeAll(async () => {
  place = newPlace('plugins');
  project = join(place.root, 'project');
  mkdirSync(project);
  await machinespawnOk(place, ['plugins', 'new', 'paint', '--dir', project]);
});

const paint = (): string => join(project, 'paint');
const runPaint = async (...more: readonly string[]): Promise<Ended> =>
  await machinespawn(place, ['pipeline', 'run', join(paint(), 'paint.yaml'), '--json', ...more]);
const edit = (file: string, from: string, to: string): void =>
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));

describe('the code of a plugin', () => {
  it('runs as root only after a yes, and again only after another one when it has changed', async () => {
    const refused = await runPaint();
    expect(refused.code).toBe(2);
    expect(errorOf(refused)).toMatchObject({
      code: 'MSP_PLUGIN_UNTRUSTED',
      hint: expect.stringMatching(/--trust-plugins/u),
    });
    expect(errorOf(refused).message).toMatch(/paint\.ts, which \S+paint\.yaml, line 5, names, is not trusted yet/u);
    // What there is can be listed all the same, and nobody is asked for that.
    mkdirSync(join(project, 'pipelines'));
    const own = readFileSync(join(paint(), 'paint.yaml'), 'utf8').replace('./paint.ts', '../paint/paint.ts');
    writeFileSync(join(project, 'pipelines/paint.yaml'), own);
    const listed = await machinespawnOk(place, ['-C', project, 'pipeline', 'list']);
    expect(listed.stdout).toMatch(/^paint +project +\? +\? +\(cannot be used as it is\)$/mu);
    expect(listed.stderr).toMatch(/^paint: .*is not trusted yet/mu);
    expect((await machinespawnOk(place, ['-C', project, 'plugins', 'ls'])).stdout).toMatch(
      /^paint +- +- +no +\S+paint\.ts$/mu,
    );
    expect((await runPaint('--trust-plugins')).code).toBe(0);
    expect((await runPaint()).code).toBe(0);
    edit(join(paint(), 'paint.ts'), 'Greet people', 'Greet all people');
    expect(errorOf(await runPaint()).message).toMatch(/has changed since it was trusted/u);
    // A terminal is asked.
    const asked = await machinespawn(place, ['pipeline', 'run', join(paint(), 'paint.yaml')], {
      pty: true,
      stdin: 'y\n',
    });
    expect(asked.stdout).toMatch(/has changed since you trusted it\. Run its code as root\? \[y\/N\]/u);
    expect(asked.code).toBe(0);
    expect((await runPaint()).code).toBe(0);
  });

  it('is only what was looked at', async () => {
    const directory = join(project, 'sneaky');
    mkdirSync(directory);
    writeFileSync(join(directory, 'more.js'), 'export default 1;\n');
    writeFileSync(
      join(directory, 'sneaky.js'),
      "const name = './mo' + 're.js'; await import(name); export const x = 1;\n",
    );
    const ended = await machinespawn(place, ['plugins', 'show', './sneaky.js', '--trust-plugins', '--json'], {
      cwd: directory,
    });
    expect(errorOf(ended)).toMatchObject({
      code: 'MSP_PLUGIN_INVALID',
      message: expect.stringMatching(/loads \S+more\.js/u),
    });
    writeFileSync(join(directory, 'sneaky.js'), 'export const x = ;\n');
    const broken = await machinespawn(place, ['plugins', 'show', './sneaky.js', '--trust-plugins', '--json'], {
      cwd: directory,
    });
    expect(errorOf(broken)).toMatchObject({ code: 'MSP_PLUGIN_LOAD_FAILED' });
    const missing = await machinespawn(place, ['plugins', 'show', 'nosuch', '--json'], { cwd: directory });
    expect([missing.code, errorOf(missing).code]).toEqual([4, 'MSP_PLUGIN_NOT_FOUND']);
  });

  it('is done again, with what depends on it, when the version of a step is raised, and nothing else is', async () => {
    const file = join(project, 'three.yaml');
    writeFileSync(
      file,
      [
        'format: 1',
        'id: three',
        'summary: Three steps',
        'plugins: ./paint/paint.ts',
        'steps:',
        '  - { id: before, uses: echo, with: { text: a } }',
        "  - { id: greeting, uses: paint/greet, with: { who: '${{ steps.before.outputs.text }}' } }",
        "  - { id: after, uses: echo, with: { text: '${{ steps.greeting.outputs.file.name }}' } }",
        '  - { id: beside, uses: paint/greet, with: { who: b }, cache: false }',
        '',
      ].join('\n'),
    );
    const plan = async (): Promise<Readonly<Record<string, string>>> => {
      const { stdout } = await machinespawnOk(place, ['pipeline', 'run', file, '--dry-run', '--json']);
      const { steps } = JSON.parse(stdout) as { steps: readonly { readonly id: string; readonly cache: string }[] };
      return Object.fromEntries(steps.map(({ id, cache }) => [id, cache]));
    };
    await machinespawnOk(place, ['pipeline', 'run', file]);
    expect(await plan()).toMatchObject({ before: 'hit', greeting: 'hit', after: 'hit' });
    edit(join(paint(), 'paint.ts'), 'version: 1', 'version: 2');
    const { stderr } = await machinespawnOk(place, ['pipeline', 'run', file, '--trust-plugins', '--progress', 'json']);
    const started = stderr.split('\n').flatMap((line) => {
      const event = parseEvent(line);
      return event?.type === 'step.started' ? [event.step ?? ''] : [];
    });
    // The same file came out: what depends on it is left alone.
    expect(started.toSorted()).toEqual(['beside', 'greeting']);
  });
});

describe('a step of a plugin', () => {
  const spoiler = join(repository, 'test/fixtures/plugins/spoiler/spoiler.ts');
  const attempt = async (step: string, target: string): Promise<Ended> => {
    const file = join(place.root, `${step}.yaml`);
    const uses = `{ id: harm, uses: spoiler/${step}, with: { target: '${target}' } }`;
    writeFileSync(
      file,
      `format: 1\nid: harm\nsummary: Harm\nplugins: ['${spoiler}']\nsteps:\n  - ${uses}\noutputs: { text: '\${{ steps.harm.outputs.text }}' }\n`,
    );
    return await machinespawn(place, ['pipeline', 'run', file, '--trust-plugins', '--json']);
  };

  it('changes nothing of the host, of the cache or of the run, neither itself nor by programs', async () => {
    // From here on it is trusted.
    await attempt('crash', '-');
    const artifacts = join(place.cache, 'artifacts');
    const [kept = ''] = readdirSync(artifacts).filter((name) => /^[\da-f]{64}$/u.test(name));
    const targets = [join(artifacts, kept), join(place.state, 'trusted-plugins.json'), join(place.root, 'elsewhere')];
    const before = targets.map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : null));
    for (const target of targets) {
      const written = await attempt('write', target);
      expect([written.code, errorOf(written).code]).toEqual([70, 'MSP_STEP_TRESPASS']);
      const ended = await attempt('program', target);
      // Its own place is open to it.
      expect(JSON.parse(ended.stdout)).toMatchObject({ outputs: { text: 'mine' } });
    }
    expect(targets.map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : null))).toEqual(before);
    expect(errorOf(await attempt('record', 'bread')).code).toBe('MSP_STEP_TRESPASS');
  });

  it('that throws a text fails like any other', async () => {
    const ended = await attempt('crash', '-');
    expect(errorOf(ended)).toMatchObject({ code: 'MSP_STEP_CRASHED', message: expect.stringMatching(/boom/u) });
  });
});

it('the example of a stranger works as its own page says', async () => {
  const directory = join(place.root, 'example');
  cpSync(join(repository, 'examples/word-count'), directory, { recursive: true });
  await machinespawnOk(place, ['plugins', 'check', '.'], { cwd: directory });
  const { stdout } = await machinespawnOk(
    place,
    ['pipeline', 'run', './word-count.yaml', '-i', `file=${directory}/word-count.yaml`, '--trust-plugins', '--json'],
    { cwd: directory },
  );
  expect(JSON.parse(stdout)).toMatchObject({ outputs: { words: expect.any(Number) } });
});

it('the packed package runs plugins of any directory, its own tests too', { timeout: 180_000 }, async () => {
  const home = join(place.root, 'installed');
  const modules = join(home, 'node_modules');
  mkdirSync(modules, { recursive: true });
  const packed = spawnSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', home], {
    cwd: repository,
    encoding: 'utf8',
  });
  expect(packed.status).toBe(0);
  spawnSync('tar', ['-C', home, '-xf', join(home, packed.stdout.trim())]);
  spawnSync('mv', [join(home, 'package'), join(modules, 'machinespawn')]);
  // What npm would install beside it.
  for (const name of readdirSync(join(repository, 'node_modules')))
    if (name !== 'machinespawn') symlinkSync(join(repository, 'node_modules', name), join(modules, name));
  const run = (cwd: string, ...words: readonly string[]) =>
    spawnSync(process.execPath, words, {
      cwd,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], MACHINESPAWN_STATE_DIR: place.state, MACHINESPAWN_CACHE_DIR: place.cache },
    });
  const installed = join(modules, 'machinespawn/bin/machinespawn.cjs');
  expect(installed).not.toBe(program);
  const checked = run(paint(), installed, 'plugins', 'check', '.');
  expect(checked.stdout + checked.stderr).toMatch(/^paint: (\d+) of \1 checks passed$/mu);
  // With the package beside it, a plugin's test is a test like any other.
  cpSync(paint(), join(home, 'paint'), { recursive: true });
  const tested = run(join(home, 'paint'), '--test', 'paint.test.ts');
  expect(tested.status, tested.stdout + tested.stderr).toBe(0);
});
