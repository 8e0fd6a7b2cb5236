/** The built-in steps: a plugin like any other, but that its steps need no prefix. */
import type { Plugin } from '../engine/plugin.ts';

export const corePlugin = {
  name: 'core',
  apiVersion: 1,
  summary: 'The built-in steps',
  steps: {
    'bootstrap-first-stage': async () => (await import('./bootstrap-first-stage.ts')).bootstrapFirstStage,
    'bootstrap-mmdebstrap': async () => (await import('./bootstrap-mmdebstrap.ts')).bootstrapMmdebstrap,
    'bootstrap-second-stage': async () => (await import('./bootstrap-second-stage.ts')).bootstrapSecondStage,
    'check-host': async () => (await import('./check-host.ts')).checkHost,
    'choose-way': async () => (await import('./choose-way.ts')).chooseWay,
    'clean-cache': async () => (await import('./clean-cache.ts')).cleanCache,
    'configure-base': async () => (await import('./configure-base.ts')).configureBase,
    'configure-packages': async () => (await import('./configure-packages.ts')).configurePackages,
    'detect-proxy': async () => (await import('./detect-proxy.ts')).detectProxy,
    echo: async () => (await import('./echo.ts')).echo,
    'fetch-packages': async () => (await import('./fetch-packages.ts')).fetchPackages,
    'list-machines': async () => (await import('./list-machines.ts')).listMachines,
    'materialize-machine': async () => (await import('./materialize-machine.ts')).materializeMachine,
    'register-machine': async () => (await import('./register-machine.ts')).registerMachine,
    'remove-machines': async () => (await import('./remove-machines.ts')).removeMachines,
    'resolve-archive': async () => (await import('./resolve-archive.ts')).resolveArchive,
    'resolve-suites': async () => (await import('./resolve-suites.ts')).resolveSuites,
    'run-in-machine': async () => (await import('./run-in-machine.ts')).runInMachine,
    'select-packages': async () => (await import('./select-packages.ts')).selectPackages,
    'set-identity': async () => (await import('./set-identity.ts')).setIdentity,
    'unpack-packages': async () => (await import('./unpack-packages.ts')).unpackPackages,
    'verify-machine': async () => (await import('./verify-machine.ts')).verifyMachine,
  },
} as const satisfies Plugin;
