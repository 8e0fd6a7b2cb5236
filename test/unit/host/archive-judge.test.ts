import { expect, test } from 'vitest';
import { ArchiveJudge } from '../../../src/host/archive-judge.ts';
import { expectCode } from './scratch.ts';

const mib = 1024 ** 2;
const limits = { entries: 3, devices: 1, bytes: 1024 * mib, ratio: 10 };
const file = { path: 'a', type: 'file', target: '' } as const;
const device = { ...file, type: 'device' } as const;

test('what is within the limits passes, and its size is told on the way', async () => {
  const seen: number[] = [];
  const judge = new ArchiveJudge({ name: 'x.tar', limits, onProgress: (bytes) => void seen.push(bytes) }, 100 * mib);
  for (const entry of [device, file, file]) judge.look(() => judge.entry(entry));
  for (const bytes of [1, 2, 64 * mib + 1, 64 * mib + 2, 5, 200 * mib]) judge.passed(bytes);
  expect(seen).toEqual([1, 64 * mib + 1, 200 * mib]);
  expect(judge.problem).toBe(null);
  expect(judge.verdict(null)).toEqual({ entries: 3 });
  await expectCode(() => judge.verdict('it ends in the middle'), 'MSP_TAR_CUT');
});

test.each([
  ['too many entries', [file, file, file, file], 1, 'entries'],
  ['device nodes in numbers', [device, device], 1, 'device nodes'],
  ['too many bytes', [file], 1024 * mib + 1, 'more than 1073741824 bytes'],
  ['a bomb', [file], 1001 * mib, '10 times its size'],
])('%s end the unpacking at once', async (_, entries, bytes, words) => {
  const judge = new ArchiveJudge({ name: 'x.tar', limits }, 100 * mib);
  for (const entry of entries) judge.look(() => judge.entry(entry));
  expect(judge.signal.aborted).toBe(false);
  judge.passed(bytes);
  expect(judge.signal.aborted).toBe(true);
  expect(judge.problem).toMatchObject({ code: 'MSP_TAR_TOO_LARGE' });
  expect(judge.problem?.message).toContain(words);
  const error = await expectCode(() => judge.verdict(null), 'MSP_TAR_TOO_LARGE');
  expect(error.message).toContain(words);
});

test('after the first finding nothing is looked at any more', () => {
  const stop = new AbortController();
  const judge = new ArchiveJudge({ name: 'x.tar', limits }, mib, stop);
  judge.look(() => judge.entry({ ...file, path: '/etc/x' }));
  expect(stop.signal.aborted).toBe(true);
  judge.look(() => {
    throw new TypeError('never');
  });
  expect(judge.problem).toMatchObject({ code: 'MSP_TAR_UNSAFE', data: { entry: '/etc/x', archive: 'x.tar' } });
});

test('what cannot be read is damage', () => {
  const judge = new ArchiveJudge({ name: 'x.tar', limits }, mib);
  judge.look(() => {
    throw new TypeError('it has a header with a wrong checksum');
  });
  expect(judge.problem).toMatchObject({ code: 'MSP_TAR_DAMAGED' });
  expect(judge.problem?.message).toContain('wrong checksum');
});
