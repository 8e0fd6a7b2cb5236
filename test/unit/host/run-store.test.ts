import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, expectTypeOf, test } from 'vitest';
import type { Locks, ResultStore, RunStore } from '../../../src/engine/ports.ts';
import { KernelLocks } from '../../../src/host/locks.ts';
import { ResultFiles } from '../../../src/host/result-store.ts';
import { RunDirectories } from '../../../src/host/run-store.ts';
import { expectCode, runPlainly, scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const locks = new KernelLocks(`${scratch}/locks`, 'process 4711 (test)');
let count = 0;
const makeStore = (): { directory: string; store: RunDirectories } => {
  const directory = `${scratch}/runs-${(count += 1)}`;
  return { directory, store: new RunDirectories(directory, locks, runPlainly) };
};

test('the classes fit the ports of the engine', () => {
  expectTypeOf<RunDirectories>().toExtend<RunStore>();
  expectTypeOf<KernelLocks>().toExtend<Locks>();
  expectTypeOf<ResultFiles>().toExtend<ResultStore>();
});

test('a run is made whole, private and locked', async () => {
  const { directory, store } = makeStore();
  expect(await store.list()).toEqual([]);
  const files = await store.create('20260101-a', '{"plan":1}');
  expect(statSync(files.directory).mode & 0o777).toBe(0o700);
  expect(await files.readPlan()).toBe('{"plan":1}');
  expect(await files.readJournal()).toBe('');
  const error = await expectCode((await store.open('20260101-a')).lock(), 'MSP_RUN_BUSY');
  expect(error.message).toContain('by process 4711');
  await expectCode(store.remove('20260101-a'), 'MSP_RUN_BUSY');
  await expectCode(store.create('20260101-a', 'other'), 'MSP_FILE_UNWRITABLE');
  expect(await files.readPlan()).toBe('{"plan":1}');
  (await files.lock()).release();
  (await (await store.open('20260101-a')).lock()).release();
  expect(directory).toContain('runs-');
});

test('runs are listed oldest first, without half-made ones, and removed', async () => {
  const { directory, store } = makeStore();
  for (const id of ['20260102-b', '20260101-z']) (await (await store.create(id, '{}')).lock()).release();
  mkdirSync(`${directory}/.#20260103-c`);
  expect(await store.list()).toEqual(['20260101-z', '20260102-b']);
  await store.remove('20260101-z');
  expect(await store.list()).toEqual(['20260102-b']);
  for (const id of ['20260101-z', '../runs', '.#20260103-c', '']) await expectCode(store.open(id), 'MSP_RUN_NOT_FOUND');
});

test('the journal is cut to what is kept, and grows from there', async () => {
  const { store } = makeStore();
  const files = await store.create('20260101-a', '{}');
  const first = await files.openJournal(0);
  first.append('één\n');
  first.append('two\ntor');
  first.close();
  expect(await files.readJournal()).toBe('één\ntwo\ntor');
  const again = await files.openJournal(Buffer.byteLength('één\ntwo\n'));
  again.append('three\n');
  again.close();
  expect(readFileSync(`${files.directory}/journal`, 'utf8')).toBe('één\ntwo\nthree\n');
  await expectCode(files.openJournal(1000), 'MSP_FILE_UNWRITABLE');
});

test('logs stand by step and attempt, without credentials', async () => {
  const { store } = makeStore();
  const files = await store.create('20260101-a', '{}');
  const log = files.openLog('first-stage', 2);
  log.write('get http://me:pw@mirror/');
  log.close();
  log.write('after the end');
  expect(log.path).toBe(`${files.directory}/steps/first-stage/2.log`);
  expect(readFileSync(log.path, 'utf8')).toBe('get http://***@mirror/\n');
});

test('a run without a plan is damaged', async () => {
  const { directory, store } = makeStore();
  mkdirSync(`${directory}/20260101-a`, { recursive: true });
  await expectCode((await store.open('20260101-a')).readPlan(), 'MSP_PLAN_CORRUPT');
});

const result = (key: string, type = 'iso/write-iso') => ({
  ...{ key, type, version: 1, identity: { b: [1, 'x'], 7: null }, outputs: { tree: 'é' }, runId: 'r' },
  ...{ createdAt: '2026-01-01T00:00:00.000Z', durationMs: 12.5 },
});

test('results: stored, found, newest first, removed', async () => {
  const store = new ResultFiles(`${scratch}/results-1`);
  expect(await store.get('echo', 'k1')).toBe(null);
  expect(await store.recent('iso/write-iso', 5)).toEqual([]);
  for (const key of ['k1', 'k2', 'k3']) {
    await store.put(result(key));
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  expect(await store.get('iso/write-iso', 'k1')).toEqual(result('k1'));
  expect((await store.recent('iso/write-iso', 2)).map(({ key }) => key)).toEqual(['k3', 'k2']);
  await store.remove('iso/write-iso', 'k3');
  await store.remove('iso/write-iso', 'k3');
  expect(await store.get('iso/write-iso', 'k3')).toBe(null);
});

test.each([
  ['a changed byte', (text: string) => text.replace('12.5', '13.5'), 'checksum'],
  ['a cut', (text: string) => text.slice(0, -20), 'not JSON'],
  ['another format', (text: string) => text.replace('"format":1', '"format":2'), 'format 2'],
  ['another key', (text: string) => text.replaceAll('k1', 'k9'), 'checksum'],
  ['something else', () => '[]', 'not a result file'],
])('a damaged result is named, not used: %s', async (_, damage, problem) => {
  const store = new ResultFiles(`${scratch}/results-2`);
  await store.put(result('k1', 'echo'));
  const path = `${scratch}/results-2/echo/k1.json`;
  writeFileSync(path, damage(readFileSync(path, 'utf8')));
  expect((await expectCode(store.get('echo', 'k1'), 'MSP_RESULT_CORRUPT')).message).toContain(problem);
  expect(await store.recent('echo', 5)).toEqual([]);
});

test('a result under a wrong name is damaged; one that a power cut emptied is lost', async () => {
  const store = new ResultFiles(`${scratch}/results-3`);
  await store.put(result('k1', 'echo'));
  const text = readFileSync(`${scratch}/results-3/echo/k1.json`, 'utf8');
  writeFileSync(`${scratch}/results-3/echo/k2.json`, text);
  await expectCode(store.get('echo', 'k2'), 'MSP_RESULT_CORRUPT');
  for (const lost of ['', '\0\0\0']) {
    writeFileSync(`${scratch}/results-3/echo/k2.json`, lost);
    expect(await store.get('echo', 'k2')).toBe(null);
  }
});
