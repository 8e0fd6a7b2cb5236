import { test } from 'vitest';
import { twinPackages } from '../../../src/model/twin-packages.ts';
import { chooseWay } from '../../../src/steps/choose-way.ts';
import { fakeHost, prints, testStep } from '../../../src/testing.ts';

const input = { codename: 'bookworm', arch: 'amd64', hostArch: 'amd64', emulated: false } as const;

testStep(
  chooseWay,
  {
    accepts: [
      {
        name: 'the fast way',
        input,
        output: { way: 'fast', why: 'shown to give what debootstrap gives', twin: false, twinPackages: [] },
      },
      {
        name: 'native programs for a foreign architecture',
        input: { ...input, arch: 'arm64', emulated: true, variant: 'minbase' },
        output: {
          way: 'fast',
          why: 'shown to give what debootstrap gives',
          twin: true,
          twinPackages: [...twinPackages],
        },
      },
      {
        name: 'mmdebstrap when it is asked for',
        input: { ...input, with: 'mmdebstrap' },
        host: fakeHost({ programs: { mmdebstrap: prints() } }),
        output: { way: 'mmdebstrap', why: 'asked for', twin: false, twinPackages: [] },
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
