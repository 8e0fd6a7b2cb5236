import type { ImageRow } from '../../model/image-rows.ts';
import { defineCommand } from '../command.ts';
import { matchesAny } from '../name-pattern.ts';
import { countOf, listOptions, printList, type Column } from '../table.ts';

export const images = defineCommand({
  name: 'images',
  summary: 'Show what can be bootstrapped (releases x architectures)',
  group: 'Build',
  needsRoot: 'never',
  positionals: [{ name: 'pattern', summary: 'Only images like this, such as "debian-*"', optional: true }],
  options: listOptions,
  examples: [
    ['machinespawn images', 'all of them'],
    ['machinespawn images "debian-*" --json', 'with mirrors, keyrings and dates'],
  ],
  details: 'yes: runs here as it is; qemu: needs qemu-user; part: a port with few packages; no: there is none.',

  async run({ positionals, options, globals, app, terminal }) {
    const { imageCells, imageColumns } = await import('../../model/image-rows.ts');
    const { releaseOf } = await import('../../model/releases.ts');
    const patterns = positionals.pattern === undefined ? [] : [positionals.pattern];
    const rows = ((await app.images()) as readonly ImageRow[]).filter(({ image, aliases }) =>
      [image, ...aliases].some((name) => matchesAny(name, patterns)),
    );
    const columns = imageColumns.map((key): Column<ImageRow> => ({
      title: key.toUpperCase(),
      cell: (row) => imageCells(row, releaseOf(row.codename))[key],
    }));
    const way: Column<ImageRow> = { title: 'WAY', wide: true, cell: (row) => row.way };
    const mirror: Column<ImageRow> = { title: 'MIRROR', wide: true, cell: (row) => row.mirror };
    printList(terminal, { ...options, quiet: globals.quiet }, rows, {
      name: ({ image }) => image,
      legend: (count) => countOf(count, 'image'),
      columns: [...columns, way, mirror],
    });
    return 0;
  },
});
