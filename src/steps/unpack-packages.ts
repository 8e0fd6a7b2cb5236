/** Unpacks the required packages of a selection into an empty tree and writes dpkg's records. Runs no program of theirs. */
import { z } from 'zod';
import { installOrder } from '../model/install-order.ts';
import { mergedUsrFiles } from '../model/merged-usr.ts';
import type { TarFile } from '../model/tar-file.ts';
import { defineStep } from './define-step.ts';
import { readSelection } from './lib/read-selection.ts';
import { infoFilesOf, unpackSelected, type UnpackedSelection } from './lib/unpack-selected.ts';

export const unpackPackages = defineStep({
  id: 'unpack-packages',
  summary: 'Unpack the required packages into an empty tree',
  version: 2,
  input: z.strictObject({
    selection: z
      .string()
      .regex(/^[0-9a-f]{64}$/u)
      .describe('SHA-256 of the list of packages, as select-packages gives it'),
    salt: z.string().default('').describe('Sets this build apart from others of the same inputs, to compare the two'),
  }),
  output: z.strictObject({
    tree: z.string().describe('The unpacked tree'),
    packages: z.number().describe('How many packages are unpacked'),
    unpackedBytes: z.number().describe('Size of their files'),
  }),
  reuse: 'always',
  needs: { root: true, tools: ['tar', 'xz', 'chroot'] },
  describe: ({ packages, unpackedBytes }) => `${packages} packages, ${Math.round(unpackedBytes / 1048576)} MiB`,

  async run(context) {
    const { services, input } = context;
    const selection = await readSelection(services, input.selection);
    const { path, ref } = await services.trees.change(null, { whole: false, durable: false });
    const { core, required } = installOrder(selection);
    const { packages, sizeBytes } = await unpackSelected(context, selection, [...core, ...required], path, {
      before: mergedUsrFiles(selection),
      records: databaseOf,
    });
    return { tree: ref, packages: packages.length, unpackedBytes: sizeBytes };
  },
});

/** dpkg's own, when nothing is configured yet. */
function databaseOf(unpacked: UnpackedSelection): readonly TarFile[] {
  return [
    { path: 'var/lib/dpkg/info/format', content: '1\n', mode: 0o644 },
    ...infoFilesOf(unpacked),
    ...[...unpacked.triggers].map(([path, content]) => ({ path, content, mode: 0o644 })),
    { path: 'var/lib/dpkg/status', content: [...unpacked.stanzas.values()].join(''), mode: 0o644 },
    { path: 'var/lib/dpkg/available', content: '', mode: 0o644 },
  ];
}
