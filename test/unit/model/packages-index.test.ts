import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PackagesIndex } from '../../../src/model/packages-index.ts';
import { indexOf, paragraph } from './package-universe-fixture.ts';

const text = [
  paragraph('bash', '5.2', { Priority: 'required', Essential: 'yes', Depends: 'base-files,\n debianutils (>= 5)' }),
  paragraph('mawk', '1.3', { Priority: 'required', Provides: 'awk, editor (= 1)' }),
  paragraph('linux-doc', '6.1-1'),
  paragraph('linux-doc', '6.1-2', { Priority: 'important' }),
  paragraph('gawk', '5', { Provides: 'awk' }),
].join('\n');

const textOf = (list: PackagesIndex): string => Buffer.concat(list.parts()).toString();

describe('a list of packages', () => {
  const index = indexOf(text);

  it('is looked up by name', () => {
    expect([...index.names()].length).toBe(4);
    expect([...index.names()]).toEqual(['bash', 'mawk', 'linux-doc', 'gawk']);
    expect(index.stanzas('bash')[0]?.get('Depends')).toBe('base-files, debianutils (>= 5)');
    expect(index.stanzas('linux-doc').map((stanza) => stanza.get('Version'))).toEqual(['6.1-1', '6.1-2']);
    expect(index.stanzas('awk')).toEqual([]);
  });

  it('is looked up by priority and by what is provided', () => {
    expect([...index.ofPriority('required')]).toEqual(['bash', 'mawk']);
    expect([...index.ofPriority('important')]).toEqual(['linux-doc']);
    expect([...index.ofPriority('optional')]).toEqual([]);
    expect(index.providersOf('awk')).toEqual(['mawk', 'gawk']);
    expect(index.providersOf('editor')).toEqual(['mawk']);
    expect(index.providersOf('bash')).toEqual([]);
  });

  it('keeps what a choice needs, and nothing else', () => {
    const kept = textOf(index);
    expect(kept).toContain('SHA256: ');
    expect(kept).not.toMatch(/^(?:Description|Maintainer)/mu);
    const again = PackagesIndex.of(Buffer.from(kept), index.table());
    expect(textOf(again)).toBe(kept);
    for (const name of index.names()) expect(again.stanzas(name)).toEqual(index.stanzas(name));
    expect([...again.names()]).toEqual([...index.names()].sort());
    expect(again.providersOf('awk')).toEqual(index.providersOf('awk'));
  });

  it('is the same wherever it is cut', () => {
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 8 }), (cuts) => {
        const cut = new PackagesIndex();
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        for (const [number, place] of places.slice(1).entries()) cut.push(bytes.subarray(places[number], place));
        expect(textOf(cut.end())).toBe(textOf(index));
      }),
    );
  });

  it.each(['', '\n', '\n\n\n', ' \n'])('may be empty: %j', (empty) => {
    expect([...indexOf(empty).names()].length).toBe(0);
  });

  it('ends with or without a line end, and may have blank lines between and before', () => {
    const spaced = `\n\n${text.trimEnd().replaceAll('\n\n', '\n\n\n')}`;
    const other = indexOf(spaced);
    expect([...other.names()]).toEqual([...index.names()]);
    expect(other.stanzas('gawk')).toEqual(index.stanzas('gawk'));
  });

  it('takes a paragraph without a name for none', () => {
    expect([...indexOf('Version: 1\n\nPackage: a\nVersion: 2\n').names()]).toEqual(['a']);
  });
});

describe('a hundred thousand packages', () => {
  it('are read in bounded memory', () => {
    const filler = Array.from(
      { length: 12 },
      (_, line) => ` line ${line} of a description that nobody asks for\n`,
    ).join('');
    const index = new PackagesIndex();
    const before = process.memoryUsage();
    let most = 0;
    let bytes = 0;
    for (let number = 0; number < 100_000; number += 100) {
      const part = Array.from(
        { length: 100 },
        (_, more) => `${paragraph(`package-${number + more}`, '1.0-1', { Depends: 'libc6 (>= 2.36)' })}${filler}\n`,
      );
      const chunk = Buffer.from(part.join(''));
      bytes += chunk.length;
      index.push(chunk);
      const { heapUsed, external } = process.memoryUsage();
      most = Math.max(most, heapUsed + external - before.heapUsed - before.external);
    }
    index.end();
    expect([...index.names()].length).toBe(100_000);
    expect(index.stanzas('package-99999')[0]?.get('Depends')).toBe('libc6 (>= 2.36)');
    expect(bytes).toBeGreaterThan(75_000_000);
    expect(most).toBeLessThan(200_000_000);
  });
});
