/** Makes a configured tree with mmdebstrap, for whoever prefers it. */
import { z } from 'zod';
import { archSchema, packageRequestSchema, variantSchema } from '../model/schemas.ts';
import { defineStep } from './define-step.ts';
import { archiveSchema } from './lib/archive-schema.ts';
import { checkSameIndex } from './lib/check-same-index.ts';
import { installedPackages } from './lib/dpkg-status.ts';

/** Its variant of debootstrap's default is named after the priority. */
const variantNames = { default: 'important', minbase: 'minbase', buildd: 'buildd' } as const;

export const bootstrapMmdebstrap = defineStep({
  id: 'bootstrap-mmdebstrap',
  summary: 'Bootstrap with mmdebstrap',
  version: 1,
  input: z.strictObject({
    archive: archiveSchema,
    arch: archSchema.describe('Debian architecture of the machine'),
    variant: variantSchema.default('default'),
    include: z.array(packageRequestSchema).default([]).describe('More packages'),
    proxy: z.string().nullable().default(null).describe('Proxy to fetch through'),
    salt: z.string().default('').describe('Sets this build apart from others of the same inputs, to compare the two'),
  }),
  output: z.strictObject({
    tree: z.string().describe('The installed tree'),
    packages: z.number().describe('How many packages are installed'),
  }),
  reuse: 'always',
  needs: { root: true },
  identity: ({ archive, arch, variant, include, salt }) => ({
    codename: archive.codename,
    mirror: archive.mirror,
    components: [...new Set(archive.components)].toSorted(),
    keyringDigest: archive.keyringDigest,
    inReleaseDigest: archive.inReleaseDigest,
    arch,
    variant,
    include: [...new Set(include)].toSorted(),
    ...(salt !== '' && { salt }),
  }),
  describe: ({ packages }) => `${packages} packages installed`,

  async run(context) {
    const { services, input } = context;
    const { archive, arch, variant, include, proxy } = input;
    const { path, ref, root } = await services.trees.change(null);
    await services.exec({
      file: 'mmdebstrap',
      args: [
        ...['--mode=root', '--format=directory', `--variant=${variantNames[variant]}`, `--architectures=${arch}`],
        ...[`--components=${archive.components.join(',')}`, `--keyring=${archive.keyring}`],
        // Its index is compared with the one that was resolved; configure-base removes it.
        '--skip=cleanup/apt/lists',
        // One for each: it splits no pattern that stands alone.
        ...[...new Set(include)].toSorted().map((asked) => `--include=${asked}`),
        ...[archive.codename, path, archive.mirror],
      ],
      // apt takes it from there, too; everybody may read arguments.
      env: proxy === null ? {} : { http_proxy: services.proxies.reveal(proxy) },
      label: 'mmdebstrap',
      onLine: (text) => context.progress({ phase: 'running mmdebstrap', text }),
    });
    await checkSameIndex(root, archive);
    const status = (await root.readText('/var/lib/dpkg/status')) ?? '';
    return { tree: ref, packages: installedPackages(status).size };
  },
});
