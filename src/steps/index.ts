/** The built-in steps: a plugin like any other, but that its steps need no prefix. */
import type { Plugin } from '../engine/plugin.ts';

export const corePlugin = {
  name: 'core',
  apiVersion: 1,
  summary: 'The built-in steps',
  steps: {
    apt: async () => (await import('./apt.ts')).apt,
    'bootstrap-first-stage': async () => (await import('./bootstrap-first-stage.ts')).bootstrapFirstStage,
    'bootstrap-second-stage': async () => (await import('./bootstrap-second-stage.ts')).bootstrapSecondStage,
    'check-host': async () => (await import('./check-host.ts')).checkHost,
    'clean-cache': async () => (await import('./clean-cache.ts')).cleanCache,
    'configure-base': async () => (await import('./configure-base.ts')).configureBase,
    'detect-proxy': async () => (await import('./detect-proxy.ts')).detectProxy,
    echo: async () => (await import('./echo.ts')).echo,
    'list-machines': async () => (await import('./list-machines.ts')).listMachines,
    'make-text-file': async () => (await import('./make-text-file.ts')).makeTextFile,
    'materialize-machine': async () => (await import('./materialize-machine.ts')).materializeMachine,
    'qemu-boot-test': async () => (await import('./qemu-boot-test.ts')).qemuBootTest,
    'register-machine': async () => (await import('./register-machine.ts')).registerMachine,
    'remove-machines': async () => (await import('./remove-machines.ts')).removeMachines,
    'resolve-archive': async () => (await import('./resolve-archive.ts')).resolveArchive,
    run: async () => (await import('./run.ts')).run,
    'run-in-machine': async () => (await import('./run-in-machine.ts')).runInMachine,
    'set-identity': async () => (await import('./set-identity.ts')).setIdentity,
    'source-date': async () => (await import('./source-date.ts')).sourceDate,
    squashfs: async () => (await import('./squashfs.ts')).squashfs,
    'verify-machine': async () => (await import('./verify-machine.ts')).verifyMachine,
    'write-file': async () => (await import('./write-file.ts')).writeFile,
  },
} as const satisfies Plugin;
