import { expect, test } from 'vitest';
import { pull } from '../../../src/steps/pull.ts';
import { fakeHost, testStep } from '../../../src/testing.ts';

const output = {
  tree: `tree:${'a'.repeat(64)}`,
  arch: 'amd64' as const,
  os: 'Alpine Linux v3.20',
  sizeBytes: 1,
  sha256: 'b'.repeat(64),
  verification: 'checksum:SHA256SUMS',
};
const asked: Record<string, unknown>[] = [];
const source = 'https://images.example/root.tar.xz';

testStep(
  pull,
  {
    accepts: [
      {
        name: 'an address',
        input: { source, verify: 'checksum', strip: 1 },
        host: fakeHost({ pipelines: { 'pull-tree': (inputs) => (asked.push({ ...inputs }), output) } }),
        output,
        after: () => {
          expect(asked.at(-1)).toEqual({
            ...{ source, arch: '', verify: 'checksum', sha256: '', keyring: '', strip: 1, imageServer: '', proxy: '' },
            ...{ limitRate: '', retries: 4 },
          });
        },
      },
    ],
    refuses: [
      { name: 'standard input, which can be read once', input: { source: '-' }, at: 'source' },
      { name: 'a path that depends on where somebody stands', input: { source: './root.tar' }, at: 'source' },
      { name: 'a digest that is none', input: { source, sha256: 'abc' }, at: 'sha256' },
    ],
    fails: [{ name: 'a pipeline that is gone', input: { source }, code: 'MSP_PIPELINE_NOT_FOUND' }],
  },
  test,
);
