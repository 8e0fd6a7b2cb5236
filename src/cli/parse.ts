/** Arguments of one command -> values, by its declaration. Parsing proper is commander's; the words are ours. */
import { Argument, Command as Commander, CommanderError, InvalidArgumentError, Option } from 'commander';
import { fail } from '../errors/machinespawn-error.ts';
import { parseMachineName } from '../model/machine-name.ts';
import { nearest } from '../model/nearest.ts';
import {
  flagOf,
  takesValue,
  type AnyCommand,
  type OptionDeclaration,
  type OptionDeclarations,
  type OptionValues,
  type PositionalDeclaration,
} from './command.ts';
import { globalOptions } from './global-options.ts';
import { isNspawnOption, nspawnOptionNames } from './nspawn-options.ts';
import { unknownOption } from './resolve-command.ts';
import { isOption, scan } from './scan.ts';

type Value = boolean | number | string | readonly string[] | undefined;

export interface ParsedArguments {
  readonly positionals: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly options: Readonly<Record<string, Value>>;
  readonly globals: OptionValues<typeof globalOptions>;
  readonly verbose: number;
  readonly passed: readonly string[];
  readonly handedOver: readonly string[];
}

/** Throws MSP_USAGE. */
export function parseArguments(command: AnyCommand, args: readonly string[]): ParsedArguments {
  const options: OptionDeclarations = { ...globalOptions, ...command.options };
  const { own, passed, handedOver } =
    command.passThrough === true ? split(args, options) : { own: args, passed: [], handedOver: [] };
  const parser = build(command, options);
  try {
    parser.parse([...own], { from: 'user' });
  } catch (error) {
    throw reword(error, command, options, parser.args);
  }
  const values = parser.opts();
  const all = Object.fromEntries(Object.entries(options).map(([key, option]) => [key, valueOf(key, option, values)]));
  return {
    positionals: Object.fromEntries(
      (command.positionals as readonly PositionalDeclaration[]).map(({ name }, index) => [
        name,
        parser.processedArgs[index],
      ]),
    ),
    options: Object.fromEntries(Object.keys(command.options as OptionDeclarations).map((key) => [key, all[key]])),
    globals: all as OptionValues<typeof globalOptions>,
    verbose: typeof values['verbose'] === 'number' ? Math.min(2, values['verbose']) : 0,
    passed,
    handedOver,
  };
}

function build(command: AnyCommand, options: OptionDeclarations): Commander {
  const silent = { writeOut: () => undefined, writeErr: () => undefined, outputError: () => undefined };
  const parser = new Commander('machinespawn')
    .exitOverride()
    .configureOutput(silent)
    .helpOption(false)
    .showSuggestionAfterError(false)
    .action(() => undefined);
  for (const { name, summary, optional, variadic } of command.positionals as readonly PositionalDeclaration[]) {
    const shown = variadic ? `${name}...` : name;
    parser.addArgument(new Argument(optional ? `[${shown}]` : `<${shown}>`, summary));
  }
  for (const [key, option] of Object.entries(options)) parser.addOption(optionFor(key, option));
  return parser;
}

function optionFor(key: string, option: OptionDeclaration): Option {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  const made = new Option(`${short}${flagOf(key)}${takesValue(option) ? ' <value>' : ''}`, option.summary);
  if (/^no[A-Z]/u.test(key)) {
    // commander would take "--no-input" as the opposite of "--input", which is another option.
    made.negate = false;
    made.attributeName = () => key;
  }
  if (key === 'verbose')
    return made.argParser((_text, before: unknown) => (typeof before === 'number' ? before : 0) + 1);
  if (option.type === 'list') {
    return made.argParser((text: string, before?: readonly string[]) => [
      ...(before ?? []),
      ...text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    ]);
  }
  if (option.type === 'repeat')
    return made.argParser((text: string, before?: readonly string[]) => [...(before ?? []), text]);
  if (option.type === 'count') return made.argParser(parseCount);
  return option.choices === undefined ? made : made.argParser((text: string) => chosen(text, option.choices ?? []));
}

function parseCount(text: string): number {
  if (!/^\d{1,9}$/u.test(text)) throw new InvalidArgumentError(`'${text}' is not a whole number`);
  return Number(text);
}

function chosen(text: string, choices: readonly string[]): string {
  if (choices.includes(text)) return text;
  throw new InvalidArgumentError(`'${text}' is not one of ${choices.join(', ')}`);
}

function valueOf(key: string, option: OptionDeclaration, values: Readonly<Record<string, unknown>>): Value {
  const value = values[key] as Value;
  if (option.type === 'boolean') return value !== undefined && value !== false;
  return value ?? (option.type === 'list' || option.type === 'repeat' ? [] : undefined);
}

/** Cuts a pass-through command line into what is ours, what systemd-nspawn gets, and what runs in the machine. */
function split(
  args: readonly string[],
  options: OptionDeclarations,
): { own: readonly string[]; passed: readonly string[]; handedOver: readonly string[] } {
  const head = scan(args, options, 1);
  const name = head.words.find(({ at }) => at < head.end);
  if (name === undefined) {
    const [first, ...rest] = args.slice(head.end + 1);
    return { own: [...args.slice(0, head.end), ...(first === undefined ? [] : [first])], passed: rest, handedOver: [] };
  }
  const own: string[] = [];
  const handedOver: string[] = [];
  for (const [at, text] of args.slice(0, head.end).entries()) {
    const isFlag = at > name.at && head.flags.some((flag) => flag.at === at);
    if (isFlag && !isOurs(text, options) && isNspawnOption(text)) handedOver.push(text);
    else own.push(text);
  }
  const rest = args.slice(head.end);
  return { own, passed: rest[0] === '--' ? rest.slice(1) : rest, handedOver };
}

function isOurs(text: string, options: OptionDeclarations): boolean {
  const flag = text.split('=', 1)[0];
  return Object.entries(options).some(
    ([key, option]) => flagOf(key) === flag || (option.short !== undefined && text === `-${option.short}`),
  );
}

function reword(error: unknown, command: AnyCommand, options: OptionDeclarations, words: readonly string[]): unknown {
  if (!(error instanceof CommanderError)) return error;
  const help = `machinespawn ${command.name} --help`;
  const quoted = [...error.message.matchAll(/'([^']*)'/gu)].map((match) => match[1] ?? '');
  if (error.code === 'commander.unknownOption' && isMeantAsName(quoted[0] ?? '', command, words))
    return nameFault(quoted[0] ?? '');
  if (error.code === 'commander.unknownOption') return wordUnknownOption(quoted[0] ?? '', command, options, help);
  if (error.code === 'commander.missingArgument') {
    return fail('MSP_USAGE', { problem: `${command.name}: <${quoted[0] ?? ''}> is missing`, hint: help });
  }
  if (error.code === 'commander.excessArguments') {
    const count = (command.positionals as readonly PositionalDeclaration[]).length;
    return fail('MSP_USAGE', {
      problem: `${command.name} takes ${count === 0 ? 'no words' : `no more than ${count} word${count === 1 ? '' : 's'}`}`,
      hint: help,
    });
  }
  const flag = flagIn(quoted[0] ?? '');
  if (error.code === 'commander.optionMissingArgument')
    return fail('MSP_USAGE', { problem: `${flag} needs a value`, hint: help });
  const text = error.message.split('is invalid. ').at(-1) ?? error.message;
  return fail('MSP_USAGE', { problem: `${flag}: ${text}`, hint: help });
}

/** "-x" where the name of a machine is due. */
function isMeantAsName(flag: string, command: AnyCommand, words: readonly string[]): boolean {
  const due = (command.positionals as readonly PositionalDeclaration[])[words.indexOf(flag)];
  return /^-[^-]/u.test(flag) && due?.name === 'name' && due.optional !== true;
}

function nameFault(text: string): unknown {
  try {
    parseMachineName(text);
    return fail('MSP_NAME_INVALID', { name: text, reason: 'it looks like an option', suggestion: null });
  } catch (error) {
    return error;
  }
}

function wordUnknownOption(flag: string, command: AnyCommand, options: OptionDeclarations, help: string): unknown {
  if (command.passThrough !== true) return unknownOption(flag, options, help);
  const name = flag.split('=', 1)[0] ?? flag;
  const near = nearest(name, [...Object.keys(options).map(flagOf), ...nspawnOptionNames]);
  return fail('MSP_USAGE', {
    problem: `there is no option '${name}'`,
    hint:
      near === null || near === name
        ? `for systemd-nspawn: --nspawn-arg=${flag}; for the command: put -- before it`
        : `did you mean '${near}'? For systemd-nspawn: --nspawn-arg=${flag}`,
  });
}

/** "-a, --arch <value>" -> "--arch". */
function flagIn(text: string): string {
  return text.split(/[ ,]+/u).findLast((part) => isOption(part)) ?? text;
}
