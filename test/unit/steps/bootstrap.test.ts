import { expect, test } from 'vitest';
import { bootstrap } from '../../../src/steps/bootstrap.ts';
import { fakeHost, testStep } from '../../../src/testing.ts';

const output = {
  tree: `tree:${'a'.repeat(64)}`,
  image: 'debian-12',
  arch: 'arm64' as const,
  codename: 'bookworm',
  date: '2026-11-14T10:00:00Z',
  os: 'Debian GNU/Linux 12 (bookworm)',
  packages: 100,
  sizeBytes: 1,
  verification: 'archive-signature:X',
  asOf: 'b'.repeat(64),
  proxy: null,
};
const asked: Record<string, unknown>[] = [];

testStep(
  bootstrap,
  {
    accepts: [
      {
        name: 'an image',
        input: { image: 'bookworm/arm64', variant: 'minbase', include: ['ed'] },
        host: fakeHost({ pipelines: { base: (inputs) => (asked.push({ ...inputs }), output) } }),
        output,
        after: () => {
          expect(asked.at(-1)).toEqual({
            ...{ image: 'debian-12/arm64', arch: '', variant: 'minbase', include: ['ed'], exclude: [], components: [] },
            ...{ mirror: '', keyring: '', proxy: 'auto', salt: '', snapshot: '', suites: [], 'eol-apt': 'trusted' },
            ...{ 'check-valid-until': 'yes', 'fallback-mirrors': [] },
            ...{ offline: false, with: 'auto' },
          });
        },
      },
    ],
    refuses: [
      { name: 'an image that there is not', input: { image: 'windows-95' }, at: 'image' },
      { name: 'a package that is an option', input: { image: 'debian-12', include: ['--yes'] }, at: 'include.0' },
    ],
    fails: [{ name: 'a pipeline that is gone', input: { image: 'debian-12' }, code: 'MSP_PIPELINE_NOT_FOUND' }],
  },
  test,
);
