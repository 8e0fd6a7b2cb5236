import { expect, test } from 'vitest';
import { LineSplitter } from '../../../src/host/line-splitter.ts';

function split(chunks: readonly Buffer[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

test('lines and letters may be cut anywhere', () => {
  const bytes = Buffer.from('eins\r\nzwölf\n\nrest');
  for (let at = 0; at <= bytes.length; at += 1) {
    expect(split([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(['eins', 'zwölf', '', 'rest']);
  }
});

test('a line without an end does not grow for ever', () => {
  const lines = split([Buffer.alloc(150_000, 'x')]);
  expect(lines.map((line) => line.length)).toEqual([65_536, 65_536, 150_000 - 2 * 65_536]);
});
