/** Aligned columns, as machinectl prints them, and the other forms of a list. */
import { stripVTControlCharacters } from 'node:util';
import { fail } from '../errors/machinespawn-error.ts';
import type { OptionDeclarations } from './command.ts';
import type { Terminal } from './terminal.ts';

export interface Column<Row> {
  readonly title: string;
  readonly right?: true;
  /** Shown with `--format wide` only. */
  readonly wide?: true;
  cell(row: Row): string;
}

export const listOptions = {
  format: {
    type: 'string',
    valueName: 'FORM',
    choices: ['table', 'wide', 'json', 'names'],
    summary: 'Form of the list',
  },
  json: { type: 'boolean', summary: 'Same as --format json' },
  noLegend: { type: 'boolean', summary: 'No titles and no count' },
} as const satisfies OptionDeclarations;

export interface ListChoice {
  readonly format: string | undefined;
  readonly json: boolean;
  readonly noLegend: boolean;
}

export interface ListForm<Row> {
  readonly columns: readonly Column<Row>[];
  name(row: Row): string;
  /** Under the table: "2 machines." Null for none. */
  legend(count: number): string | null;
}

/** Prints rows as the options say. Throws MSP_USAGE when two forms are asked for. */
export function printList<Row>(
  terminal: Terminal,
  choice: ListChoice & { readonly quiet: boolean },
  rows: readonly Row[],
  form: ListForm<Row>,
): void {
  const format = chooseFormat(choice);
  if (format === 'json') return terminal.out(JSON.stringify(rows, null, 2));
  if (format === 'names') return rows.forEach((row) => terminal.out(form.name(row)));
  const columns = form.columns.filter((column) => format === 'wide' || column.wide !== true);
  for (const line of tableLines(columns, rows, !choice.noLegend)) terminal.out(line);
  const legend = choice.noLegend ? null : form.legend(rows.length);
  if (legend !== null) terminal.out(legend);
}

function chooseFormat({ format, json, quiet }: ListChoice & { readonly quiet: boolean }): string {
  if (json && format !== undefined && format !== 'json') {
    throw fail('MSP_USAGE', { problem: `--json and --format ${format} contradict each other` });
  }
  if (json) return 'json';
  return format ?? (quiet ? 'names' : 'table');
}

/** No titles where there is no row. */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  titles: boolean,
): readonly string[] {
  if (rows.length === 0) return [];
  const cells = rows.map((row) => columns.map((column) => column.cell(row)));
  if (titles) cells.unshift(columns.map(({ title }) => title));
  const widths = columns.map((_column, index) => Math.max(...cells.map((line) => widthOf(line[index] ?? ''))));
  return cells.map((line) =>
    line
      .map((text, index) => pad(text, widths[index] ?? 0, columns[index]?.right === true))
      .join('  ')
      .trimEnd(),
  );
}

/** "1 machine.", "2 machines." */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}.`;
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return right ? space + text : text + space;
}
