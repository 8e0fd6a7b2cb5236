/** Help pages, derived from the declarations. */
import { commandTable, families, membersOf } from './command-table.ts';
import {
  flagOf,
  groups,
  takesValue,
  type AnyCommand,
  type OptionDeclaration,
  type OptionDeclarations,
  type PositionalDeclaration,
} from './command.ts';
import { globalOptions } from './global-options.ts';
import { helpTopicNames } from './help-topic-names.ts';

const heads = `machinespawn - build, run and manage systemd-nspawn machines

Usage:
  machinespawn <command> [options]
  machinespawn <image> <name> [arch]          same as: machinespawn bootstrap

Examples:
  sudo machinespawn debian-bookworm bread     build a machine called bread
  sudo machinespawn run bread                 open a root shell in it
  sudo machinespawn run bread -- apt-get -y install jq
  sudo machinespawn pipeline run live.yaml -i suite=trixie`;

/** Words about the families, by group. */
const familyGroups: Readonly<Record<string, (typeof groups)[number]>> = {
  pipeline: 'Pipelines',
  runs: 'Pipelines',
  plugins: 'Pipelines',
  cache: 'Manage',
};

/** `machinespawn --help`. Reads no declaration: it is asked for often, and shall be quick. */
export function overviewText(): string {
  const rows = Object.entries(commandTable).filter(([name]) => !name.includes(' '));
  const sections = groups.map((group) =>
    [
      `${group}:`,
      ...rows
        .filter(([, row]) => row.group === group)
        .map(([name, { summary, aliases = [] }]) => overviewLine(name, summary, aliases)),
      ...families
        .filter((family) => familyGroups[family] === group)
        .map((family) => overviewLine(family, membersOf(family).join(', '), [])),
      ...(group === 'Helpers' ? topicLines() : []),
    ].join('\n'),
  );
  return `${[heads, ...sections].join('\n\n')}\n\nRun 'machinespawn help <command>' for details.`;
}

function overviewLine(name: string, summary: string, aliases: readonly string[]): string {
  const line = `  ${name.padEnd(14)} ${summary}`;
  return aliases.length === 0
    ? line
    : `${line.padEnd(52)} (alias${aliases.length > 1 ? 'es' : ''}: ${aliases.join(', ')})`;
}

function topicLines(): readonly string[] {
  return wrap(`(${helpTopicNames.join(', ')})`, 60).map((line) => `${' '.repeat(17)}${line}`);
}

/** `machinespawn pipeline --help`. */
export function familyText(family: string): string {
  const rows = membersOf(family).map((member) => ({
    name: `${family} ${member}`,
    summary: commandTable[`${family} ${member}`]?.summary ?? '',
  }));
  const width = Math.max(...rows.map(({ name }) => name.length));
  return [
    `Usage: machinespawn ${family} <command> [options]`,
    '',
    'Commands:',
    ...rows.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    `Run 'machinespawn help ${family} <command>' for details.`,
  ].join('\n');
}

/** `machinespawn COMMAND --help`: examples first. */
export function commandText(command: AnyCommand): string {
  const positionals = command.positionals as readonly PositionalDeclaration[];
  const parts = [
    `machinespawn ${command.name} - ${command.summary}`,
    section('Examples', pairs(command.examples, 46)),
    section('Usage', [`  ${usageLine(command)}`]),
  ];
  if (positionals.length > 0)
    parts.push(section('Arguments', pairs(positionals.map(({ name, summary }) => [name, summary]))));
  if (Object.keys(command.options).length > 0) parts.push(section('Options', optionLines(command.options)));
  if (command.details !== undefined)
    parts.push(
      command.details
        .split('\n')
        .flatMap((line) => wrap(line, 96))
        .join('\n'),
    );
  const aliases = command.aliases ?? [];
  if (aliases.length > 0) parts.push(`Also: ${aliases.join(', ')}`);
  parts.push(section('Options of every command', optionLines(globalOptions)));
  return parts.join('\n\n');
}

function usageLine(command: AnyCommand): string {
  const words = (command.positionals as readonly PositionalDeclaration[]).map(({ name, optional, variadic }) => {
    const shown = variadic ? `${name}…` : name;
    return optional ? `[${shown}]` : `<${shown}>`;
  });
  const rest = command.passThrough ? ['[options]', '[--]', '[command [arg…]]'] : ['[options]'];
  return ['machinespawn', command.name, ...words, ...rest].join(' ');
}

/** The declaration behind a name of the table. */
export async function loadCommand(name: string): Promise<AnyCommand> {
  const row = commandTable[name];
  if (row === undefined) throw new RangeError(`no command ${name} in the table`);
  return row.load();
}

function section(title: string, lines: readonly string[]): string {
  return [`${title}:`, ...lines].join('\n');
}

function optionLines(options: OptionDeclarations): readonly string[] {
  return pairs(Object.entries(options).map(([key, option]) => [spelling(key, option), summaryOf(option)]));
}

function spelling(key: string, option: OptionDeclaration): string {
  const value = takesValue(option) ? ` ${option.valueName ?? 'VALUE'}` : '';
  const many = option.type === 'list' ? '[,…]' : '';
  return `${option.short === undefined ? '    ' : `-${option.short}, `}${flagOf(key)}${value}${many}`;
}

function summaryOf(option: OptionDeclaration): string {
  const choices = option.choices === undefined ? '' : ` (${option.choices.join(', ')})`;
  const repeat = option.type === 'repeat' ? ' (may be repeated)' : '';
  return `${option.summary}${choices}${repeat}`;
}

/** Two columns; the second is wrapped, and begins on a line of its own where the first is too wide. */
function pairs(rows: readonly (readonly [string, string])[], widest = 30): readonly string[] {
  const left = Math.min(widest, Math.max(...rows.map(([first]) => first.length)));
  return rows.flatMap(([first, second]) => {
    const lines = wrap(second, 96 - left);
    const indent = ' '.repeat(left + 4);
    if (first.length > left) return [`  ${first}`, ...lines.map((line) => `${indent}${line}`)];
    return lines.map((line, index) => (index === 0 ? `  ${first.padEnd(left)}  ${line}` : `${indent}${line}`));
  });
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
