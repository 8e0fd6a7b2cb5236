import { fail } from '../../errors/machinespawn-error.ts';
import { defineCommand } from '../command.ts';
import { pull, pullOptions, pullPositionals } from '../pull.ts';

export const pullTar = defineCommand({
  name: 'pull-tar',
  summary: 'Download, verify and unpack a tar image',
  group: 'Build',
  needsRoot: 'always',
  positionals: pullPositionals,
  options: {
    ...pullOptions,
    strip: { type: 'count', valueName: 'N', summary: 'Leave out so many leading parts of the names' },
    newIdentity: { type: 'boolean', summary: 'Give it a host name and a machine-id of its own' },
  },
  examples: [
    ['machinespawn pull-tar https://HOST/root.tar.xz box', 'verified by what stands beside the file'],
    ['machinespawn pull-tar lxc:alpine/3.20/amd64 box', 'the newest one of an image server'],
    ['machinespawn pull-tar ./image.tar box', 'a local archive, also one of docker save'],
  ],
  details:
    'What was interrupted goes on at the same byte. A signature or checksum beside the file must be right; where there ' +
    'is none, https alone is accepted with a warning and plain http is refused.',

  run: async (invocation) => {
    const { strip, newIdentity, ...options } = invocation.options;
    if (strip !== undefined && strip > 20) throw fail('MSP_USAGE', { problem: `--strip ${strip} is more than 20` });
    return pull({ ...invocation, options }, 'pull-tar', { strip, newIdentity: newIdentity || undefined });
  },
});
