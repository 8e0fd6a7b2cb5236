/** Takes out of a tree what a system runs without: documentation, translations, caches. */
import { z } from 'zod';
import type { RootFiles } from '../host/services.ts';
import { defineStep } from './define-step.ts';
import { clearAptTraces } from './lib/clear-apt-traces.ts';
import { treeSize } from './lib/tree-size.ts';

const rules = '/etc/dpkg/dpkg.cfg.d/machinespawn-slim';
/** Whole, with all that is in them. Nothing installs into them by a program that minds. */
const documentation = [
  '/usr/share/info',
  '/usr/share/groff',
  '/usr/share/lintian',
  '/usr/share/linda',
  '/usr/share/doc-base',
];
const manuals = '/usr/share/man';
const docs = '/usr/share/doc';
const translations = '/usr/share/locale';
const spare = ['/var/lib/dpkg', '/var/cache/debconf'];

const localeName = z.string().regex(/^[a-z]{2,3}(?:_[A-Z]{2})?(?:@\w+)?$/u, 'not a language such as de or pt_BR');

const input = z.strictObject({
  tree: z.string().describe('The tree to change'),
  documentation: z
    .boolean()
    .default(true)
    .describe('Take out manuals and documentation; copyright files stay, since licenses ask for them'),
  translations: z.boolean().default(true).describe('Take out the translations of messages'),
  keep: z.array(localeName).default([]).describe('Languages of which the translations stay, such as de'),
  later: z.boolean().default(false).describe('Leave the same out of packages that are installed later on'),
});
type Input = z.output<typeof input>;

export const slim = defineStep({
  id: 'slim',
  summary: 'Take documentation, translations and caches out of a tree',
  version: 1,
  input,
  output: z.strictObject({
    tree: z.string().describe('The smaller tree'),
    sizeBytes: z.number().describe('Space that it takes'),
    freedBytes: z.number().describe('How much less that is'),
  }),
  reuse: 'always',
  needs: { root: true, tools: ['du'] },
  describe: ({ sizeBytes, freedBytes }) =>
    `${Math.round(sizeBytes / 1048576)} MiB, ${Math.round(freedBytes / 1048576)} MiB less`,

  async run(context) {
    const { services, input: given } = context;
    const { path, ref, root } = await services.trees.change(given.tree, { whole: true });
    const before = await treeSize(context, path);
    if (given.documentation) await removeDocumentation(root);
    if (given.translations) await removeTranslations(root, given.keep);
    await clearAptTraces(root);
    for (const directory of spare)
      for (const name of await root.list(directory))
        if (name.endsWith('-old')) await root.remove(`${directory}/${name}`);
    if (given.later) await root.writeText(rules, dpkgRules(given));
    const sizeBytes = await treeSize(context, path);
    return { tree: ref, sizeBytes, freedBytes: Math.max(0, before - sizeBytes) };
  },
});

async function removeDocumentation(root: RootFiles): Promise<void> {
  for (const path of documentation) await empty(root, path);
  for (const section of await root.list(manuals)) {
    // Packages put links into the sections when they are installed, and fail where there are none.
    if (/^man\d$/u.test(section)) await empty(root, `${manuals}/${section}`);
    else await root.remove(`${manuals}/${section}`);
  }
  for (const name of await root.list(docs)) {
    const place = `${docs}/${name}`;
    // Some are links to the documentation of a sister package, copyright included.
    if ((await root.info(place))?.type !== 'directory') continue;
    for (const file of await root.list(place)) if (file !== 'copyright') await root.remove(`${place}/${file}`);
  }
}

async function removeTranslations(root: RootFiles, keep: readonly string[]): Promise<void> {
  for (const name of await root.list(translations)) {
    const isKept =
      name === 'locale.alias' || keep.some((language) => name === language || name.startsWith(`${language}_`));
    if (!isKept) await root.remove(`${translations}/${name}`);
  }
}

async function empty(root: RootFiles, directory: string): Promise<void> {
  for (const name of await root.list(directory)) await root.remove(`${directory}/${name}`);
}

function dpkgRules({ documentation: noDocs, translations: noTranslations, keep }: Input): string {
  const lines = [
    ...(noDocs ? [...documentation, manuals, docs].map((path) => `path-exclude=${path}/*`) : []),
    ...(noDocs ? [`path-include=${docs}/*/copyright`] : []),
    ...(noTranslations ? [`path-exclude=${translations}/*`, `path-include=${translations}/locale.alias`] : []),
    ...(noTranslations ? keep.map((language) => `path-include=${translations}/${language}*/*`) : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
