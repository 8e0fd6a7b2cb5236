import { expect, test } from 'vitest';
import { bootstrapMmdebstrap } from '../../../src/steps/bootstrap-mmdebstrap.ts';
import { exits, fakeHost, testStep, type Program } from '../../../src/testing.ts';
import { archive, inRelease, keyring, mirror, status } from './archive-fixture.ts';

const input = { archive, arch: 'arm64' as const, variant: 'default' as const, include: ['nano', 'less', 'nano'] };

const mmdebstrap = (index: string): Program =>
  function* program({ args, world }) {
    const tree = args.at(-2) ?? '';
    world.put({ [`${tree}/var/lib/dpkg/status`]: '' });
    yield;
    world.put({
      [`${tree}/var/lib/dpkg/status`]: status,
      [`${tree}/var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_InRelease`]: index,
    });
    return 0;
  };

testStep(
  bootstrapMmdebstrap,
  {
    accepts: [
      {
        name: 'a tree of the index that was resolved',
        input,
        host: fakeHost({ programs: { mmdebstrap: mmdebstrap(inRelease()) } }),
        output: (world) => ({ tree: world.committed.at(-1) ?? '', packages: 2 }),
        after: (world) => {
          const [command] = world.commands;
          expect(command?.args.slice(0, 4)).toEqual([
            ...['--mode=root', '--format=directory', '--variant=important', '--architectures=arm64'],
          ]);
          expect(command?.args).toContain(`--keyring=${keyring}`);
          expect(command?.args.filter((one) => one.startsWith('--include'))).toEqual([
            '--include=less',
            '--include=nano',
          ]);
          expect([command?.args.at(-3), command?.args.at(-1)]).toEqual(['bookworm', mirror]);
        },
      },
    ],
    refuses: [{ name: 'a variant that there is not', input: { ...input, variant: 'tiny' }, at: 'variant' }],
    fails: [
      {
        name: 'an archive that was updated meanwhile',
        input,
        host: fakeHost({ programs: { mmdebstrap: mmdebstrap(inRelease({ date: 'Sun, 12 Jul 2026 10:14:42 UTC' })) } }),
        code: 'MSP_ARCHIVE_CHANGED',
      },
      {
        name: 'mmdebstrap that fails',
        input,
        host: fakeHost({ programs: { mmdebstrap: exits(25, 'E: run_chroot failed') } }),
        code: 'MSP_TOOL_FAILED',
      },
      { name: 'a host without it', input, code: 'MSP_TOOL_MISSING' },
    ],
  },
  test,
);
