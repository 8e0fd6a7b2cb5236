import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { TarReader, type TarEntry } from '../../../src/model/tar-entry.ts';
import { tarEnd, tarOf } from '../../../src/model/tar-file.ts';
import { errorOf } from './error-of.ts';

const scratch = mkdtempSync(join(tmpdir(), 'machinespawn-tar-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function read(archive: Buffer, step = archive.length): { entries: TarEntry[]; content: string } {
  const entries: TarEntry[] = [];
  const pieces: Buffer[] = [];
  const reader = new TarReader('demo', {
    onEntry: (entry) => void entries.push(entry),
    onContent: (bytes) => void pieces.push(Buffer.from(bytes)),
  });
  for (let at = 0; at < archive.length; at += step) reader.push(archive.subarray(at, at + step));
  reader.end();
  return { entries, content: Buffer.concat(pieces).toString() };
}

describe('the headers of a tar stream', () => {
  for (const format of ['gnu', 'pax', 'ustar'] as const) {
    it(`are read as GNU tar writes them, format ${format}`, () => {
      const long = `${'d'.repeat(90)}.file`;
      writeFileSync(join(scratch, long), 'content');
      symlinkSync('t'.repeat(format === 'ustar' ? 90 : 150), join(scratch, `link-${format}`));
      const archive = execFileSync('tar', ['-c', `--format=${format}`, '-C', scratch, `./${long}`, `./link-${format}`]);
      const { entries, content } = read(archive);
      expect(entries.map(({ name, type, linkName }) => ({ name, type, linkName }))).toEqual([
        { name: `./${long}`, type: 'file', linkName: '' },
        { name: `./link-${format}`, type: 'symlink', linkName: 't'.repeat(format === 'ustar' ? 90 : 150) },
      ]);
      expect(content).toBe('content');
    });
  }

  it('are the same however the bytes are cut', () => {
    const files = [
      { path: './a', content: 'x'.repeat(700), mode: 0o4755, mtime: 5 },
      { path: `./${'long/'.repeat(40)}b`, content: '', mode: 0o644 },
    ];
    const archive = Buffer.concat([tarOf(files), tarEnd]);
    const whole = read(archive);
    expect(whole.entries.map(({ name, mode, sizeBytes }) => [name, mode, sizeBytes])).toEqual([
      ['./a', 0o4755, 700],
      [`./${'long/'.repeat(40)}b`, 0o644, 0],
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1500 }), (step) => {
        expect(read(archive, step)).toEqual(whole);
      }),
      {
        numRuns: 30,
      },
    );
  });

  it('give the owner, in figures of either kind', () => {
    const owner = ['--owner=:7', '--group=:3000000'];
    writeFileSync(join(scratch, 'owned'), '');
    const archive = execFileSync('tar', ['-c', '--format=gnu', ...owner, '-C', scratch, './owned']);
    expect(read(archive).entries.map(({ uid, gid }) => [uid, gid])).toEqual([[7, 3_000_000]]);
  });

  it('that are damaged are named', () => {
    const archive = Buffer.concat([tarOf([{ path: './a', content: 'x', mode: 0o644 }]), tarEnd]);
    const spoiled = Buffer.from(archive);
    spoiled[3] = 0x41;
    for (const broken of [spoiled, archive.subarray(0, 600), archive.subarray(0, 1024), Buffer.alloc(512, 'x')])
      expect(errorOf(() => read(broken)).code).toBe('MSP_PACKAGE_BROKEN');
  });
});
