import { expect, test } from 'vitest';
import { twinPackages } from '../../../src/model/twin-packages.ts';
import { chooseWay } from '../../../src/steps/choose-way.ts';
import { fakeHost, prints, testStep } from '../../../src/testing.ts';

const input = { codename: 'bookworm', arch: 'amd64', hostArch: 'amd64', emulated: false } as const;
const shown = { way: 'fast', why: 'shown to give what debootstrap gives' } as const;
const none = { ...shown, twin: false, twinScope: 'required', twinPackages: [] as string[] } as const;

testStep(
  chooseWay,
  {
    accepts: [
      {
        name: 'the fast way',
        input,
        output: none,
      },
      {
        name: 'native programs for a foreign architecture',
        input: { ...input, arch: 'arm64', emulated: true, variant: 'minbase' },
        output: {
          ...shown,
          twin: true,
          twinScope: 'all',
          twinPackages: [...twinPackages],
        },
      },
      {
        name: 'native programs for the required packages alone, where nobody compared the others',
        input: { ...input, arch: 'arm64', emulated: true, include: ['nano', 'doc-base'] },
        output: { ...shown, twin: true, twinScope: 'required', twinPackages: [...twinPackages] },
      },
      {
        name: 'a foreign architecture on a host of another one than all were compared on',
        input: { ...input, hostArch: 'arm64', emulated: true },
        output: { ...none, why: 'shown on amd64 to give what debootstrap gives' },
      },
      {
        name: 'another foreign one there',
        input: { ...input, hostArch: 'arm64', arch: 'armhf', emulated: true },
        output: { ...none, why: 'shown on amd64 to give what debootstrap gives' },
      },
      {
        name: 'mmdebstrap when it is asked for',
        input: { ...input, with: 'mmdebstrap' },
        host: fakeHost({ programs: { mmdebstrap: prints() } }),
        output: { ...none, way: 'mmdebstrap', why: 'asked for' },
      },
    ],
    refuses: [{ name: 'a way that there is not', input: { ...input, with: 'cdebootstrap' }, at: 'with' }],
    fails: [
      { name: 'mmdebstrap where it is not', input: { ...input, with: 'mmdebstrap' }, code: 'MSP_TOOL_MISSING' },
      {
        name: 'the fast way for an old release',
        input: { ...input, with: 'fast', codename: 'buster' },
        code: 'MSP_WAY_UNFIT',
      },
    ],
  },
  test,
);

test('choose-way: says whom native programs serve', () => {
  const said = (twinScope: 'all' | 'required') =>
    chooseWay.describe?.({ ...shown, twin: true, twinScope, twinPackages: [...twinPackages] });
  const words = 'fast: shown to give what debootstrap gives, with native programs in place of emulated ones';
  expect([said('all'), said('required')]).toEqual([words, `${words}, but for what --include brings`]);
});
