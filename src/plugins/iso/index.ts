/** Makes a bootable ISO out of a root file system. It uses nothing but what every plugin may use. */
import type { Plugin } from '../../plugin.ts';

export const isoPlugin = {
  name: 'iso',
  apiVersion: 1,
  summary: 'Turn a root file system into an ISO that boots',
  steps: {
    'write-iso': async () => (await import('./write-iso.ts')).writeIso,
  },
} as const satisfies Plugin;
