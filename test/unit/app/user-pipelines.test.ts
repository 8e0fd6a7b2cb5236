/** A user's files, from the file to what is left on the disk. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { createApp } from '../../../src/app.ts';
import { artifactItems, removeArtifact } from '../../../src/app-artifacts.ts';
import type { RunRequest } from '../../../src/app-types.ts';
import type { RunEvent } from '../../../src/engine/events.ts';
import { ArtifactStore } from '../../../src/host/artifact-store.ts';

const top = mkdtempSync(join(tmpdir(), 'machinespawn-unit-'));
afterAll(() => rmSync(top, { recursive: true, force: true }));
let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(top, 'case-'));
});

const file = `format: 1
id: notes
summary: Write notes
inputs:
  who: { type: string, default: you, summary: Reader }
matrix: { lang: [en, de] }
steps:
  - { id: hello, uses: echo, with: { text: "hello \${{ inputs.who }} in \${{ matrix.lang }}" } }
  - { id: notes, uses: make-text-file, with: { name: notes.txt, text: "\${{ steps.hello.outputs.text }}\\n" } }
outputs:
  notes: \${{ steps.notes.outputs.file }}
`;

function openApp() {
  const settings = {
    machinesDirectory: join(cwd, 'machines'),
    cacheDirectory: join(cwd, 'cache'),
    stateDirectory: join(cwd, 'state'),
  };
  return createApp({ settings, environment: { TOKEN: 'token-of-mine' }, cwd, argv: process.argv });
}

async function run(text: string, more: Partial<RunRequest> = {}) {
  writeFileSync(join(cwd, 'notes.yaml'), text);
  const events: RunEvent[] = [];
  const request = { pipeline: './notes.yaml', inputs: {}, ...more };
  const outcome = await (await openApp().run(request, (event) => void events.push(event))).done;
  const of = (type: RunEvent['type']): string[] =>
    events.flatMap((event) => (event.type === type && 'step' in event ? [String(event.step)] : [])).toSorted();
  return { outcome, made: of('step.succeeded'), cached: of('step.cached'), events };
}

const all = ['hello@de', 'hello@en', 'notes@de', 'notes@en'];

it('a comment redoes nothing, a changed value only what depends on it', async () => {
  expect((await run(file)).made).toEqual(all);
  const commented = await run(`# a comment\n${file.replace('summary: Reader', 'summary: The reader')}`);
  expect(commented).toMatchObject({ made: [], cached: all });
  const changed = await run(file.replace('notes.txt', 'letter.txt'));
  expect(changed).toMatchObject({ made: ['notes@de', 'notes@en'], cached: ['hello@de', 'hello@en'] });
  expect(await run(file.replace('[en, de]', '[en, fr]'))).toMatchObject({ made: ['hello@fr', 'notes@fr'] });
});

it('files are put where a person wants them, with their digests', async () => {
  const output = join(cwd, 'out');
  const { outcome } = await run(file, { output });
  expect(outcome.files.map(({ path }) => path)).toEqual([join(output, 'en/notes.txt'), join(output, 'de/notes.txt')]);
  expect(readFileSync(join(output, 'de/notes.txt'), 'utf8')).toBe('hello you in de\n');
  const sums = outcome.files.toReversed().map(({ path, sha256 }) => `${sha256}  ${path.slice(output.length + 1)}\n`);
  expect(readFileSync(join(output, 'SHA256SUMS'), 'utf8')).toBe(sums.join(''));
});

it('a list of digests that the pipeline gives itself stays as it is, or its signature would be wrong', async () => {
  const output = join(cwd, 'own');
  const text = file
    .replace('matrix: { lang: [en, de] }\n', '')
    .replace(' in ${{ matrix.lang }}', '')
    .replace('notes.txt', 'SHA256SUMS');
  expect((await run(text, { output })).outcome.files.map(({ path }) => path)).toEqual([join(output, 'SHA256SUMS')]);
  expect(readFileSync(join(output, 'SHA256SUMS'), 'utf8')).toBe('hello you\n');
});

it('two files of one name are put into folders of their outputs', async () => {
  const text = file
    .replace('matrix: { lang: [en, de] }\n', '')
    .replace(' in ${{ matrix.lang }}', '')
    .replace(
      'outputs:\n',
      '  - { id: more, uses: make-text-file, with: { name: notes.txt, text: more } }\noutputs:\n  more: ${{ steps.more.outputs.file }}\n',
    );
  const { outcome } = await run(text, { output: join(cwd, 'out') });
  expect(outcome.files.map(({ path }) => path.slice(cwd.length)).toSorted()).toEqual([
    '/out/more/notes.txt',
    '/out/notes/notes.txt',
  ]);
});

it('a file that cannot be put there fails the run, which can go on', async () => {
  writeFileSync(join(cwd, 'out'), 'a file');
  const { outcome } = await run(file, { output: join(cwd, 'out') });
  expect(outcome).toMatchObject({ status: 'failed', error: { code: 'MSP_FILE_UNWRITABLE' }, files: [] });
});

it('a kept file that somebody changed or removed is made again, said in one line', async () => {
  await run(file);
  const kept = join(cwd, 'cache/artifacts');
  const [first = '', second = ''] = readdirSync(kept).filter((name) => /^[0-9a-f]{64}$/u.test(name));
  chmodSync(join(kept, first), 0o644);
  writeFileSync(join(kept, first), 'changed');
  rmSync(join(kept, second));
  const { outcome, made, events } = await run(file);
  expect(outcome.status).toBe('succeeded');
  expect(made).toEqual(['notes@de', 'notes@en']);
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.text] : []));
  expect(warnings.toSorted()).toEqual(
    [
      `the file ${first.slice(0, 12)} that it made has changed: it is done again`,
      `the file ${second.slice(0, 12)} that it made is gone: it is done again`,
    ].toSorted(),
  );
});

it('a part of it, and from a step again', async () => {
  expect((await run(file, { only: ['hello'], cells: { lang: ['de'] } })).made).toEqual(['hello@de']);
  expect(await run(file, { from: ['notes'] })).toMatchObject({
    made: ['hello@en', 'notes@de', 'notes@en'],
    cached: ['hello@de'],
  });
  expect((await run(file, { refresh: ['hello@en'] })).made).toEqual(['hello@en']);
  await expect(run(file, { refresh: ['helo'] })).rejects.toMatchObject({ code: 'MSP_SELECTION_INVALID' });
});

it('a run goes on from a step, and where a secret is may be told again', async () => {
  const secret = file.replace('inputs:\n', 'inputs:\n  token: { type: secret, summary: A token }\n');
  const { outcome } = await run(secret, { inputs: { token: 'env:TOKEN' } });
  const resume = async (options: Parameters<ReturnType<typeof openApp>['resume']>[1]) =>
    (await openApp().resume(outcome.runId, options, () => {})).done;
  expect(await resume({ from: ['notes@de'], inputs: { token: 'env:TOKEN' } })).toMatchObject({ status: 'succeeded' });
  await expect(resume({ from: ['notes'], inputs: { who: 'me' } })).rejects.toMatchObject({ code: 'MSP_INPUT_INVALID' });
  await expect(resume({ from: ['nots'] })).rejects.toMatchObject({ code: 'MSP_SELECTION_INVALID' });
  const detail = await openApp().showRun(outcome.runId);
  expect(detail.source).toBe(join(cwd, 'notes.yaml'));
  await expect(openApp().shell(outcome.runId, null)).rejects.toMatchObject({ code: 'MSP_RUN_NO_TREE' });
});

it('inputs come from a file, in YAML or JSON, as they are written', async () => {
  writeFileSync(join(cwd, 'in.yaml'), 'version: 22.10\nwords: [1.0, b]\nyes: true\nnone:\n');
  writeFileSync(join(cwd, 'in.json'), '{ "who": "json", "map": { "a": 1 } }');
  writeFileSync(join(cwd, 'bad.yaml'), '- a\n');
  const app = openApp();
  expect(await app.readInputs('in.yaml')).toEqual({ version: '22.10', words: ['1.0', 'b'], yes: 'true', none: null });
  expect(await app.readInputs('in.json')).toEqual({ who: 'json', map: { a: '1' } });
  await expect(app.readInputs('bad.yaml')).rejects.toMatchObject({ code: 'MSP_PIPELINE_INVALID' });
  await expect(app.readInputs('none.yaml')).rejects.toMatchObject({ code: 'MSP_FILE_UNREADABLE' });
});

it('init writes a file that is valid and runs, with its schema, and replaces none', async () => {
  const app = openApp();
  const [written = ''] = await app.initPipeline('hello', 'My First.yaml');
  expect(readFileSync(written, 'utf8')).toMatch(/^# yaml-language-server: \$schema=pipeline.schema.json\n/u);
  expect(readFileSync(written, 'utf8')).toContain('\nid: my-first\n');
  expect(await app.validatePipeline(written, null)).toEqual([]);
  expect(JSON.parse(readFileSync(join(cwd, 'pipeline.schema.json'), 'utf8'))).toHaveProperty('$defs');
  await expect(app.initPipeline('hello', 'My First.yaml')).rejects.toMatchObject({ code: 'MSP_FILE_UNWRITABLE' });
  await expect(app.initPipeline('helo', 'x.yaml')).rejects.toMatchObject({ code: 'MSP_PIPELINE_NOT_FOUND' });
});

it('a pipeline says how large its matrix is, and is drawn without it or with the states of a run', async () => {
  const { outcome } = await run(file);
  const app = openApp();
  expect((await app.showPipeline('./notes.yaml')).summary.matrixSize).toBe(2);
  expect(await app.graphPipeline('./notes.yaml', 'text', null)).toBe('hello\nnotes  <- hello\n');
  expect(await app.graphPipeline('./notes.yaml', 'text', outcome.runId)).toMatch(
    /^notes@de {2}succeeded .* <- hello@de$/mu,
  );
});

it('kept files are items of the cache, and so is what a killed step left; both can go', async () => {
  await run(file);
  const store = new ArtifactStore(join(cwd, 'cache/artifacts'));
  mkdirSync(store.pendingPlace('20261122-000000-dead.step'), { recursive: true });
  const isRunning = (id: string): boolean => id.includes('alive');
  const items = await artifactItems(store, new Set(), isRunning);
  expect(items.map(({ inUse, sizeBytes }) => [inUse, sizeBytes])).toEqual([
    [false, 16],
    [false, 16],
    [false, 0],
  ]);
  const [needed] = items;
  expect((await artifactItems(store, new Set([needed?.id ?? '']), isRunning))[0]?.inUse).toBe(true);
  for (const item of items) await removeArtifact(store, item);
  expect(await artifactItems(store, new Set(), isRunning)).toEqual([]);
});
