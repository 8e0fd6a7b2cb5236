import { expect, test } from 'vitest';
import { compareFiles } from '../../../src/steps/compare-files.ts';
import { fakeHost, testStep, type Program } from '../../../src/testing.ts';
import { artifactOf } from './tree-fixture.ts';

const one = artifactOf('a.tar', 'A');
const other = artifactOf('a.tar', 'B');
const diff: Program = function* diff({ args, print }) {
  yield;
  for (let line = 0; line < 25; line += 1)
    print(`Files ${args.at(-2)}/etc/${line} and ${args.at(-1)}/etc/${line} differ`);
  return 1;
};

testStep(
  compareFiles,
  {
    accepts: [
      {
        name: 'files that are the same',
        input: { files: [one, { ...one, name: 'b.tar' }] },
        output: { sha256: one.sha256, files: 2 },
      },
    ],
    refuses: [{ name: 'one file', input: { files: [one] }, at: 'files' }],
    fails: [
      { name: 'files that differ', input: { files: [one, one, other] }, code: 'MSP_FILES_DIFFER' },
      {
        name: 'files whose trees differ, too',
        input: (world) => ({ files: [one, other], trees: [world.tree({ '/a': '1' }), world.tree({ '/a': '2' })] }),
        host: fakeHost({ programs: { diff } }),
        code: 'MSP_FILES_DIFFER',
        after: (world) => expect(world.commands).toHaveLength(1),
      },
    ],
  },
  test,
);
