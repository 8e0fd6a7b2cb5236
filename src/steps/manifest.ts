/** Lists what is installed in a tree: for people as text, for programs as JSON. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { parseOsRelease } from '../model/os-release.ts';
import { artifactSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { listPackages } from './lib/list-packages.ts';

export const manifest = defineStep({
  id: 'manifest',
  summary: 'List the packages of a tree with their versions',
  version: 1,
  input: z.strictObject({
    tree: z.string().describe('The tree to look at'),
    name: z
      .string()
      .regex(/^[A-Za-z0-9][\w.+~@-]{0,180}$/u, 'not a plain file name')
      .default('manifest')
      .describe('Name of the files, without .txt and .json'),
  }),
  output: z.strictObject({
    text: artifactSchema.describe('Name, version and architecture of each package, a line each'),
    json: artifactSchema.describe('The same with the source packages, as JSON'),
    packages: z.number().describe('How many packages are installed'),
  }),
  reuse: 'always',
  needs: { root: true },
  describe: ({ packages }) => `${packages} packages`,

  async run(context) {
    const { services, input } = context;
    const { root } = await services.trees.view(input.tree);
    const status = await root.readText('/var/lib/dpkg/status');
    if (status === null) throw fail('MSP_TREE_LACKS', { what: 'list of packages (/var/lib/dpkg/status)', hint: null });
    const packages = listPackages(status);
    const { id, versionId, codename, prettyName } = parseOsRelease((await root.readText('/etc/os-release')) ?? '');
    const whole = { format: 1, os: { id, versionId, codename, prettyName }, packages };
    const lines = packages.map(({ name, version, arch }) => `${name}\t${version}\t${arch}\n`);
    return {
      text: await keep(context, `${input.name}.txt`, lines.join('')),
      json: await keep(context, `${input.name}.json`, `${JSON.stringify(whole, null, 2)}\n`),
      packages: packages.length,
    };
  },
});

async function keep({ services: { artifacts, files } }: Pick<Context, 'services'>, name: string, text: string) {
  const path = await artifacts.create(name);
  await files.writeText(path, text);
  return await artifacts.keep(path);
}
