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
    ['machinespawn images --format wide', 'with the archive of each, and why a port is refused'],
  ],
  details:
    'yes: runs here as it is; qemu: needs qemu-user; part: a port that is not whole; no: there is none.\n' +
    'A coming release that is not listed can be named, too: debian-CODENAME, ubuntu-CODENAME.',

  async run({ positionals, options, globals, app, terminal }) {
    const { archCell, imageCells, imageColumns, portNotes } = await import('../../model/image-rows.ts');
    const { releaseOf } = await import('../../model/releases.ts');
    const patterns = positionals.pattern === undefined ? [] : [positionals.pattern];
    const rows = ((await app.images()) as readonly ImageRow[]).filter(({ image, aliases }) =>
      [image, ...aliases].some((name) => matchesAny(name, patterns)),
    );
    const columns = imageColumns.map((key): Column<ImageRow> => ({
      title: key.toUpperCase(),
      cell: (row) => imageCells(row, releaseOf(row.codename))[key],
    }));
    const wide: readonly Column<ImageRow>[] = [
      { title: 'RISCV64', wide: true, cell: (row) => archCell(row, releaseOf(row.codename), 'riscv64') },
      { title: 'BOOTS', wide: true, cell: ({ boots }) => (boots ? 'yes' : 'no') },
      { title: 'MIRROR', wide: true, cell: ({ mirror }) => mirror },
    ];
    const isWide = options.format === 'wide';
    printList(terminal, { ...options, quiet: globals.quiet }, rows, {
      name: ({ image }) => image,
      legend: (count) => countOf(count, 'image'),
      columns: [...columns, ...wide],
    });
    if (isWide && !options.noLegend) for (const line of portNotes(rows)) terminal.out(line);
    return 0;
  },
});
