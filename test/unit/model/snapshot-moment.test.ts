import { expect, test } from 'vitest';
import { parseSnapshotMoment, snapshotMs } from '../../../src/model/snapshot-moment.ts';
import { errorOf } from './error-of.ts';

test.each([
  ['2026-11-01', '20261101T000000Z'],
  ['20261101', '20261101T000000Z'],
  ['2026-11-01T12:30:05Z', '20261101T123005Z'],
  ['20261101T123005Z', '20261101T123005Z'],
])('%s', (text, moment) => {
  expect(parseSnapshotMoment(text)).toBe(moment);
  expect(parseSnapshotMoment(moment)).toBe(moment);
});

test.each(['', 'yesterday', '2026-02-30', '2026-13-01', '2026-11-01T25:00:00Z', '2026-11-01 12:00', '2026/11/01'])(
  '%j is no moment',
  (text) => {
    expect(errorOf(() => parseSnapshotMoment(text))).toMatchObject({ code: 'MSP_USAGE', exitCode: 2 });
  },
);

test('milliseconds', () => {
  expect(snapshotMs('20261101T123005Z')).toBe(Date.UTC(2026, 10, 1, 12, 30, 5));
});
