import { defineCommand } from '../command.ts';
import { pull, pullOptions, pullPositionals } from '../pull.ts';

export const pullRaw = defineCommand({
  name: 'pull-raw',
  summary: 'Download and verify a raw disk image',
  group: 'Build',
  needsRoot: 'always',
  positionals: pullPositionals,
  options: pullOptions,
  examples: [
    ['machinespawn pull-raw https://HOST/disk.raw.xz box', 'published as box.raw, without its zeros'],
    ['machinespawn pull-raw ./disk.qcow2 box', 'converted by qemu-img'],
  ],
  details: 'Raw images, also compressed by gzip, xz, bzip2 or zstd, and qcow2 where qemu-img is installed.',

  run: async (invocation) => pull(invocation, 'pull-raw', {}),
});
