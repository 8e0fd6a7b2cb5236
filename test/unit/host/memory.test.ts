import { mkdirSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MemoryFiles, PassingMemory } from '../../../src/host/memory.ts';
import { expectCode, scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();

test('what was kept is recalled, text and bytes', async () => {
  const memory = new MemoryFiles(`${scratch}/cache`);
  expect(await memory.recall('notes/a.json')).toBeNull();
  const path = await memory.keep('notes/a.json', 'text');
  expect(path).toBe(`${scratch}/cache/notes/a.json`);
  expect(await memory.recall('notes/a.json')).toEqual({ data: Buffer.from('text'), path });
  await memory.keep('notes/a.json', Buffer.from([1, 2]));
  expect((await memory.recall('notes/a.json'))?.data).toEqual(Buffer.from([1, 2]));
  expect(readdirSync(`${scratch}/cache/notes`)).toEqual(['a.json']);
});

test('what cannot be written or read is told', async () => {
  mkdirSync(`${scratch}/odd/notes`, { recursive: true });
  const memory = new MemoryFiles(`${scratch}/odd`);
  await expectCode(memory.recall('notes'), 'MSP_FILE_UNREADABLE');
  await expectCode(memory.keep('notes', 'x'), 'MSP_FILE_UNWRITABLE');
});

test('a passing memory leaves the lasting one as it is', async () => {
  const lasting = new MemoryFiles(`${scratch}/lasting`);
  await lasting.keep('a', 'old');
  const passing = new PassingMemory(lasting, `${scratch}/passing`);
  expect((await passing.recall('a'))?.data.toString()).toBe('old');
  await passing.keep('a', 'new');
  expect((await passing.recall('a'))?.data.toString()).toBe('new');
  expect((await lasting.recall('a'))?.data.toString()).toBe('old');
});
