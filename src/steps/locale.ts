/** Sets the language of a tree, and generates what it needs. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import type { RootFiles } from '../host/services.ts';
import { defineStep } from './define-step.ts';
import { runInTree } from './lib/run-in-tree.ts';

const supported = '/usr/share/i18n/SUPPORTED';
const wanted = '/etc/locale.gen';
/** Every C library has them. */
const builtIn: ReadonlySet<string> = new Set(['C', 'POSIX', 'C.UTF-8', 'C.utf8']);

const localeName = z.string().regex(/^[A-Za-z]+(?:_[A-Z]{2})?(?:\.[\w-]+)?(?:@\w+)?$/u, 'not the name of a locale');

export const locale = defineStep({
  id: 'locale',
  summary: 'Set the language of a tree',
  version: 1,
  input: z.strictObject({
    tree: z.string().describe('The tree to change'),
    lang: localeName.describe('Locale of the system, such as de_DE.UTF-8 or C.UTF-8'),
    more: z.array(localeName).default([]).describe('Locales that are generated, too'),
    epoch: z.int().min(0).nullable().default(null).describe('SOURCE_DATE_EPOCH while they are generated, in seconds'),
  }),
  output: z.strictObject({
    tree: z.string().describe('The changed tree'),
    generated: z.number().describe('How many locales were generated'),
  }),
  reuse: 'always',
  needs: { root: true, tools: ['systemd-nspawn'] },

  async run(context) {
    const { services, input } = context;
    const tree = await services.trees.change(input.tree, { whole: true });
    const names = [...new Set([input.lang, ...input.more])].filter((name) => !builtIn.has(name));
    if (names.length > 0) {
      await wish(tree.root, names);
      await runInTree(context, tree, {
        command: ['locale-gen'],
        ...(input.epoch === null ? {} : { env: { SOURCE_DATE_EPOCH: String(input.epoch) } }),
      });
    }
    await setLang(tree.root, input.lang);
    return { tree: tree.ref, generated: names.length };
  },
});

/** Adds them to what locale-gen is to generate. */
async function wish(root: RootFiles, names: readonly string[]): Promise<void> {
  const known = (await root.readText(supported))?.split('\n');
  if (known === undefined)
    throw fail('MSP_TREE_LACKS', {
      what: 'locale-gen',
      hint: 'install the package locales by a step apt before this one',
    });
  const lines = ((await root.readText(wanted)) ?? '').split('\n').filter((line) => line !== '');
  for (const name of names) {
    const line = known.find((candidate) => candidate.split(' ')[0] === name);
    if (line === undefined)
      throw fail('MSP_TREE_LACKS', {
        what: `locale '${name}'`,
        hint: `${supported} in the tree names all that there are`,
      });
    if (!lines.includes(line)) lines.push(line);
  }
  await root.writeText(wanted, `${lines.join('\n')}\n`);
}

async function setLang(root: RootFiles, lang: string): Promise<void> {
  const text = `LANG=${lang}\n`;
  const debian = '/etc/default/locale';
  const isLink = (await root.info(debian))?.type === 'symlink';
  // Debian 13 has systemd's file, and a link to it in the place of its own.
  if (isLink || (await root.info('/etc/locale.conf')) !== null) await root.writeText('/etc/locale.conf', text);
  if (!isLink) await root.writeText(debian, text);
}
