import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { makeTextFile } from '../../../src/steps/make-text-file.ts';
import { fakeDirectories, fakeHost, testStep } from '../../../src/testing.ts';

const sha256 = createHash('sha256').update('hello\n').digest('hex');

testStep(
  makeTextFile,
  {
    accepts: [
      {
        name: 'a text',
        input: { name: 'notes.txt', text: 'hello\n' },
        host: fakeHost(),
        output: { file: { artifact: `artifact:${sha256}`, name: 'notes.txt', sizeBytes: 6, sha256 } },
        after: (world) => expect(world.read(`${fakeDirectories.artifacts}/${sha256}`)).toBe('hello\n'),
      },
    ],
    refuses: [
      { name: 'a name with a path in it', input: { name: '../x', text: '' }, at: 'name' },
      { name: 'a hidden name', input: { name: '.x', text: '' }, at: 'name' },
    ],
  },
  it,
);
