/** Unpacks a tar image into a tree of its own; the entries are looked at while they pass. */
import { z } from 'zod';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { archSchema } from '../model/schemas.ts';
import { usualTarLimits } from '../model/tar-safety.ts';
import { defineStep, type Context } from './define-step.ts';
import { forgetImage } from './lib/download-cache.ts';
import { isSavedImage, readSavedImage, savedPlace } from './lib/oci-layout.ts';
import { compressionSchema, pulledImageSchema } from './lib/pulled-image.ts';
import { requireUnchanged } from './lib/require-unchanged.ts';
import { treeSize } from './lib/tree-size.ts';
import { aheadName } from './lib/unpack-ahead.ts';
import { unpackLayers } from './lib/unpack-layers.ts';

const input = z.strictObject({
  image: pulledImageSchema,
  compression: compressionSchema,
  strip: z.number().int().min(0).max(20).default(0).describe('How many leading parts of the names to leave out'),
  arch: archSchema.nullable().default(null).describe('Architecture, where a container image holds several'),
  maxEntries: z.number().int().default(usualTarLimits.entries).describe('An archive with more entries is refused'),
  maxBytes: z.number().int().default(usualTarLimits.bytes).describe('One that unpacks to more bytes is refused'),
});
type Input = z.output<typeof input>;

const aheadReport = z.strictObject({ entries: z.number(), sizeBytes: z.number() });

type Tree = Awaited<ReturnType<Context['services']['trees']['change']>>;

export const extractImage = defineStep({
  id: 'extract-image',
  summary: 'Unpack a tar image where it can do no harm',
  version: 3,
  input,
  output: z.strictObject({
    tree: z.string().describe('The tree'),
    entries: z.number().describe('How many files, directories and so on'),
    sizeBytes: z.number().describe('Space that it takes'),
    layout: z.enum(['plain', 'directory', 'oci', 'docker']).describe('How the tree lay in the archive'),
  }),
  reuse: 'always',
  needs: { root: true, tools: ['tar', 'du'] },
  // The same bytes are the same tree, wherever they come from.
  identity: ({ image, strip, arch }) => ({ sha256: image.sha256, strip, arch }),
  describe: ({ entries, layout }) => `${entries} entries${layout === 'plain' ? '' : `, ${layout}`}`,

  async run(context) {
    const { services, input } = context;
    const tree = await services.trees.change(null, {
      whole: true,
      // The image is kept, and the machine is synced by itself.
      durable: false,
      ...(isUsual(input) && { ahead: aheadName(input.image.sha256) }),
    });
    try {
      const { entries, layout, sizeBytes } = await unpack(context, tree);
      await requireUnchanged(services, input.image);
      return { tree: tree.ref, entries, layout, sizeBytes: sizeBytes ?? (await treeSize(context, tree.path)) };
    } catch (error) {
      const isBad = MachinespawnError.is(error) && error.code.startsWith('MSP_TAR_');
      if (isBad) await forgetImage(services, input.image);
      throw error;
    }
  },
});

interface Unpacked {
  readonly entries: number;
  readonly layout: 'plain' | 'directory' | 'oci' | 'docker';
  /** Where it is known already. */
  readonly sizeBytes?: number;
}

async function unpack(context: Context<Input>, tree: Tree): Promise<Unpacked> {
  const { services, input, log } = context;
  const { image, compression, strip, maxEntries, maxBytes } = input;
  const limits = { ...usualTarLimits, entries: maxEntries, bytes: maxBytes };
  const ahead = aheadReport.safeParse(tree.note);
  if (ahead.success) log.info(`${image.name} was unpacked while it came in`);
  const report = ahead.success
    ? ahead.data
    : await services.archives.unpack({
        archive: image.path,
        name: image.name,
        compression,
        to: tree.path,
        options: strip === 0 ? [] : ['--transform=s,^\\./,,', `--strip-components=${strip}`],
        limits,
        onProgress: (done) => context.progress({ phase: 'unpacking', done, unit: 'bytes' }),
      });
  const { entries } = report;
  const names = await tree.root.list('/');
  if (names.length === 0) throw fail('MSP_TAR_DAMAGED', { archive: image.name, problem: 'there is nothing in it' });
  if (isSavedImage(names)) {
    await moveTop(context, tree, null);
    const saved = await readSavedImage(tree.root, image.name, input.arch ?? services.facts.arch);
    const layers = { name: image.name, saved, tree, limits };
    return { entries: await unpackLayers(services, layers), layout: saved.layout };
  }
  const top = strip === 0 ? await singleTop(tree, names) : null;
  if (top === null) return { layout: 'plain', ...report };
  await moveTop(context, tree, top);
  return { entries, layout: 'directory' };
}

/** What download-image may have unpacked in the same way. */
function isUsual({ strip, maxEntries, maxBytes }: Input): boolean {
  return strip === 0 && maxEntries === usualTarLimits.entries && maxBytes === usualTarLimits.bytes;
}

/** The one directory at the top, when there is nothing else and the root file system is in it. */
async function singleTop({ root }: Tree, names: readonly string[]): Promise<string | null> {
  const [top, ...others] = names;
  if (top === undefined || others.length > 0 || (await root.info(`/${top}`))?.type !== 'directory') return null;
  const inner = await root.list(`/${top}`);
  return inner.includes('etc') || inner.includes('usr') || inner.includes('bin') ? top : null;
}

/** Moves what is in `top` up, with the attributes of `top` itself; null: moves everything down, into `savedPlace`. */
async function moveTop({ services }: Context<Input>, { path }: Tree, top: string | null): Promise<void> {
  const hidden = savedPlace.slice(1);
  const script =
    top === null
      ? 'set -e; cd "$1"; mkdir "$2"; find . -mindepth 1 -maxdepth 1 ! -name "$2" -exec mv -t "$2" -- {} +'
      : `set -e; cd "$1"; mv -- "./$3" "./$2"; at=$(stat -c %.9Y "./$2")
         find "./$2" -mindepth 1 -maxdepth 1 -exec mv -t . -- {} +
         cp -a -T "./$2" .; rmdir "./$2"; touch -d "@$at" .`;
  await services.exec({ file: 'sh', args: ['-c', script, 'sh', path, hidden, top ?? ''], label: 'arrange' });
}
