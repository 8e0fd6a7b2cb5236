/** Runs debootstrap's second stage in the tree: installs and configures. Foreign programs run by way of binfmt_misc. */
import { z } from 'zod';
import { archSchema } from '../model/schemas.ts';
import { defineStep } from './define-step.ts';
import { installedPackages } from './lib/dpkg-status.ts';
import { runDebootstrap } from './lib/run-debootstrap.ts';
import { withEmulator } from './lib/with-emulator.ts';

export const bootstrapSecondStage = defineStep({
  id: 'bootstrap-second-stage',
  summary: 'Install and configure the base packages',
  version: 1,
  input: z.strictObject({
    tree: z.string().describe('The unpacked tree'),
    arch: archSchema.describe('Debian architecture of the tree'),
    suite: z.string().describe('Suite, for messages'),
    mirror: z.string().describe('Archive, for messages'),
  }),
  output: z.strictObject({
    tree: z.string().describe('The installed tree'),
    packages: z.number().describe('How many packages are installed'),
  }),
  reuse: 'always',
  needs: { root: true, tools: ['chroot'] },
  identity: ({ tree, arch }) => ({ tree, arch }),
  describe: ({ packages }) => `${packages} packages installed`,

  async run(context) {
    const { services, input } = context;
    // Not restartable: it always begins with the untouched tree of the first stage.
    const { path, ref, root } = await services.trees.change(input.tree, { whole: false });
    await withEmulator(context, root, input.arch, (binds) =>
      runDebootstrap(
        context,
        {
          file: 'chroot',
          args: [path, '/debootstrap/debootstrap', '--second-stage', '--debian-installer'],
          // What the packages' scripts ask of a terminal or of systemd.
          env: { DEBIAN_FRONTEND: 'noninteractive', SYSTEMD_OFFLINE: '1' },
          label: 'second stage',
          binds,
        },
        { suite: input.suite, mirror: input.mirror, arch: input.arch },
        [path],
      ),
    );
    const status = (await root.readText('/var/lib/dpkg/status')) ?? '';
    return { tree: ref, packages: installedPackages(status).size };
  },
});
