import { closeSync, existsSync, mkdirSync, readdirSync, readSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { takePipe, warmUpPipes } from '../../../src/host/pipes.ts';
import { scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();

test('pipes pass bytes, and what a killed process left of theirs is removed', async () => {
  vi.stubEnv('TMPDIR', scratch);
  const [old, young, other] = ['machinespawn-pipes-old', 'machinespawn-pipes-young', 'machinespawn-other'];
  for (const name of [old, young, other]) mkdirSync(join(scratch, name));
  writeFileSync(join(scratch, old, '0'), '');
  const longAgo = new Date(Date.now() - 3600_000);
  for (const name of [old, other]) utimesSync(join(scratch, name), longAgo, longAgo);
  warmUpPipes();
  await vi.waitFor(() => expect(existsSync(join(scratch, old))).toBe(false), { timeout: 10_000 });
  expect(readdirSync(scratch).toSorted()).toEqual([other, young]);
  const { read, write } = takePipe();
  writeSync(write, 'through');
  const bytes = Buffer.alloc(20);
  expect(bytes.toString('utf8', 0, readSync(read, bytes))).toBe('through');
  for (const end of [read, write]) closeSync(end);
  vi.unstubAllEnvs();
});
