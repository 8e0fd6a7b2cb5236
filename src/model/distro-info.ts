/** Reads the tables of the host's package distro-info-data: /usr/share/distro-info/{debian,ubuntu}.csv. */

/** A row, with dates as YYYY-MM-DD. Null stands for "not said". */
export interface DistroInfoRow {
  /** "13" or "26.04"; null for those that never have one. */
  readonly version: string | null;
  readonly codename: string;
  readonly created: string | null;
  readonly released: string | null;
  readonly eol: string | null;
  /** Debian: end of LTS. */
  readonly ltsUntil: string | null;
  /** Debian's ELTS, Ubuntu's Pro with its legacy add-on. */
  readonly extendedUntil: string | null;
}

/** Columns that are not known are passed over, as are lines without a codename: the file is another package's. */
export function parseDistroInfo(csv: string): readonly DistroInfoRow[] {
  const [head = '', ...lines] = csv.split(/\r?\n/u);
  const columns = head.split(',');
  return lines.flatMap((line) => {
    const values = line.split(',');
    const cell = (column: string): string => values[columns.indexOf(column)]?.trim() ?? '';
    const date = (column: string): string | null => /^\d{4}-\d{2}-\d{2}$/u.exec(cell(column))?.[0] ?? null;
    const codename = cell('series');
    if (!/^[a-z][a-z-]*$/u.test(codename)) return [];
    return [
      {
        version: /^\d+(?:\.\d+)?/u.exec(cell('version'))?.[0] ?? null,
        codename,
        created: date('created'),
        released: date('release'),
        eol: date('eol'),
        ltsUntil: date('eol-lts'),
        extendedUntil: date('eol-elts') ?? date('eol-legacy') ?? date('eol-esm'),
      },
    ];
  });
}
