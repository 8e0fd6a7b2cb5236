import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeEntry, readJournal, type JournalEntry } from '../../../src/engine/journal.ts';

const entries: readonly JournalEntry[] = [0, 1, 2, 3].map((seq) => ({
  seq,
  ts: 1000 + seq,
  type: 'SKIP',
  step: `step-${seq}`,
  why: 'nicht nötig – ✓',
}));
const text = entries.map(encodeEntry).join('');
const damaged = (change: string): unknown =>
  expect.objectContaining({ code: 'MSP_JOURNAL_CORRUPT', data: expect.objectContaining({ run: change }) });

test('what was written is read again', () => {
  expect(readJournal(text, 'r')).toEqual({ entries, keepBytes: Buffer.byteLength(text), tornBytes: 0 });
});

test('cut off at any byte, only the torn last line is lost', () => {
  const bytes = Buffer.from(text);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: bytes.length }), (length) => {
      const reading = readJournal(bytes.subarray(0, length).toString(), 'r');
      expect(reading.entries).toEqual(entries.slice(0, reading.entries.length));
      const whole = entries.filter(
        (_, index) =>
          Buffer.byteLength(
            entries
              .slice(0, index + 1)
              .map(encodeEntry)
              .join(''),
          ) <= length,
      );
      expect(reading.entries.length).toBe(whole.length);
      expect(reading.keepBytes).toBe(Buffer.byteLength(whole.map(encodeEntry).join('')));
    }),
  );
});

test('a changed byte in front of a whole line is refused, with its line', () => {
  const broken = text.replace('step-1', 'step-7');
  expect(() => readJournal(broken, 'r1')).toThrow(damaged('r1'));
});

test('a line that is missing in the middle is refused', () => {
  const lines = text.split('\n');
  expect(() => readJournal([lines[0], lines[2], lines[3], ''].join('\n'), 'r2')).toThrow(damaged('r2'));
});

test('a whole last line with a wrong checksum is left out like a torn one', () => {
  const lines = text.trimEnd().split('\n');
  lines[3] = `00000000${(lines[3] as string).slice(8)}`;
  expect(readJournal(`${lines.join('\n')}\n`, 'r').entries).toEqual(entries.slice(0, 3));
});
