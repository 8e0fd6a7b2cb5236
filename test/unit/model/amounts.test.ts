import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatByteSize, parseByteSize } from '../../../src/model/byte-size.ts';
import { formatDuration, parseDuration } from '../../../src/model/duration.ts';
import { relativeTime } from '../../../src/model/relative-time.ts';
import { errorOf } from './error-of.ts';

test.each([
  ['10m', 600_000],
  ['90s', 90_000],
  ['1h30m', 5_400_000],
  ['250ms', 250],
  ['1m1ms', 60_001],
  ['1.5h', 5_400_000],
  ['30d', 2_592_000_000],
  ['0s', 0],
])('duration %s', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  ['10 minutes', 'write 10m'],
  ['10', 'write 10s'],
  ['5 milliseconds', 'write 5ms'],
  ['', 'write 10m, 90s or 1h30m'],
  ['-1s', 'write 10m, 90s or 1h30m'],
  ['1m1h', 'write 1m'],
  ['1s1s', 'write 1s'],
  ['1e3s', 'write 1s'],
  [`${'9'.repeat(9)}d${'9'.repeat(9)}h `, `write ${'9'.repeat(9)}d`],
])('%j is no duration', (text, hint) => {
  expect(errorOf(() => parseDuration(text))).toMatchObject({ code: 'MSP_USAGE', exitCode: 2, hint });
});

test.each([
  [0, '0.0s'],
  [400, '0.4s'],
  [1200, '1.2s'],
  [9949, '9.9s'],
  [9950, '10s'],
  [41_000, '41s'],
  [59_499, '59s'],
  [59_500, '1m 00s'],
  [65_000, '1m 05s'],
  [3_599_499, '59m 59s'],
  [3_599_500, '1h 00m'],
  [7_380_000, '2h 03m'],
])('%i ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  ['5M', 5_242_880],
  ['1.5G', 1_610_612_736],
  ['20MiB', 20_971_520],
  ['4096', 4096],
  ['4096B', 4096],
  ['1T', 2 ** 40],
])('size %s', (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes);
});

test.each(['', '5 M', '5MB', '-1', '1..5G', 'G', '5m', '999999999999T', '1e3'])('%j is no size', (text) => {
  expect(errorOf(() => parseByteSize(text))).toMatchObject({ code: 'MSP_USAGE', exitCode: 2 });
});

test.each([
  [0, '0 B'],
  [512, '512 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [31_876_710, '30.4 MiB'],
  [512_753_664, '489 MiB'],
  [1_073_741_823, '1 GiB'],
  [77_309_411_328, '72 GiB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatByteSize(bytes)).toBe(text);
});

test('a shown size reads back as about the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 45 }), (bytes) => {
      const back = parseByteSize(formatByteSize(bytes).replace(' ', ''));
      expect(Math.abs(back - bytes)).toBeLessThanOrEqual(bytes * 0.051);
    }),
  );
});

const hour = 3_600_000;
test.each([
  [-hour, 'just now'],
  [59_999, 'just now'],
  [60_000, '1 minute ago'],
  [12 * 60_000, '12 minutes ago'],
  [2 * hour, '2 hours ago'],
  [24 * hour, 'yesterday'],
  [48 * hour, '2 days ago'],
  [14 * 24 * hour, '2 weeks ago'],
  [61 * 24 * hour, '2 months ago'],
  [800 * 24 * hour, '2 years ago'],
])('%i ms ago is %s', (ago, text) => {
  expect(relativeTime(1_000_000_000_000 - ago, 1_000_000_000_000)).toBe(text);
});
