/** Which command is meant by a list of arguments. */
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { nearest } from '../model/nearest.ts';
import { commandAliases, commandTable, families, membersOf } from './command-table.ts';
import type { AnyCommand, OptionDeclarations } from './command.ts';
import { globalOptions } from './global-options.ts';
import { hasFlag, scan, type Scan } from './scan.ts';

export type Resolved =
  | { readonly kind: 'overview' }
  | { readonly kind: 'version' }
  | { readonly kind: 'family'; readonly family: string }
  | {
      readonly kind: 'command';
      readonly command: AnyCommand;
      readonly args: readonly string[];
      readonly help: boolean;
      readonly typedName: string;
    };

/** Throws MSP_COMMAND_UNKNOWN, MSP_IMAGE_UNKNOWN and MSP_USAGE, each with the nearest name. */
export async function resolveCommand(argv: readonly string[]): Promise<Resolved> {
  const found = scan(argv, await optionsBeforeCommand(argv));
  const word = found.words[0];
  if (word === undefined) {
    if (hasFlag(found, 'version', globalOptions)) return { kind: 'version' };
    refuseUnknownFlags(found);
    return { kind: 'overview' };
  }
  const name = Object.hasOwn(commandAliases, word.text) ? (commandAliases[word.text] ?? word.text) : word.text;
  if (Object.hasOwn(commandTable, name)) return commandCalled(name, word.text, without(argv, [word.at]));
  if (families.includes(word.text)) return familyMember(word.text, argv, found, word.at);
  return bareForm(argv, found);
}

async function commandCalled(name: string, typedName: string, args: readonly string[]): Promise<Resolved> {
  const row = commandTable[name];
  if (row === undefined) throw fail('MSP_COMMAND_UNKNOWN', { word: name });
  const command = await row.load();
  const options = { ...globalOptions, ...command.options } as OptionDeclarations;
  const head = scan(args, options, command.passThrough === true ? 1 : undefined);
  if (hasFlag(head, 'version', globalOptions)) return { kind: 'version' };
  return { kind: 'command', command, args, help: hasFlag(head, 'help', globalOptions), typedName };
}

async function familyMember(family: string, argv: readonly string[], found: Scan, at: number): Promise<Resolved> {
  const second = found.words[1];
  if (second === undefined)
    return hasFlag(found, 'version', globalOptions) ? { kind: 'version' } : { kind: 'family', family };
  const name = `${family} ${second.text}`;
  if (Object.hasOwn(commandTable, name)) return commandCalled(name, name, without(argv, [at, second.at]));
  const near = nearest(second.text, membersOf(family));
  throw fail('MSP_USAGE', {
    problem: `'${second.text}' is not a command of '${family}'`,
    hint: near === null ? `machinespawn ${family} --help` : `did you mean 'machinespawn ${family} ${near}'?`,
  });
}

async function bareForm(argv: readonly string[], found: Scan): Promise<Resolved> {
  const word = found.words[0]?.text ?? '';
  const { parseImageSpec } = await import('../model/image-spec.ts');
  try {
    parseImageSpec(word);
  } catch (error) {
    if (!MachinespawnError.is(error) || error.code !== 'MSP_IMAGE_UNKNOWN') throw error;
    throw unknownWord(word, error);
  }
  return commandCalled('bootstrap', word, argv);
}

/** A word that is near an image, or looks like one, is taken as a mistyped image. */
function unknownWord(word: string, imageError: MachinespawnError): MachinespawnError {
  const command = nearest(word, [
    ...Object.keys(commandTable).filter((name) => !name.includes(' ')),
    ...Object.keys(commandAliases),
    ...families,
  ]);
  const image = typeof imageError.data['nearest'] === 'string' ? imageError.data['nearest'] : null;
  if (/^(?:debian|ubuntu)|[:/]/u.test(word)) return imageError;
  const near = command === null ? image : image === null ? command : nearest(word, [command, image]);
  if (near !== null && near === image && near !== command) return imageError;
  return fail('MSP_COMMAND_UNKNOWN', { word, nearest: near });
}

/** The bare form may begin with an option of bootstrap, so its options are known before the command is. */
async function optionsBeforeCommand(argv: readonly string[]): Promise<OptionDeclarations> {
  const first = scan(argv, globalOptions, 1);
  const before = { ...first, flags: first.flags.filter(({ at }) => at < (first.words[0]?.at ?? argv.length)) };
  if (unknownFlags(before).length === 0) return globalOptions;
  const { bootstrap } = await import('./commands/bootstrap.ts');
  return { ...globalOptions, ...bootstrap.options };
}

function unknownFlags(found: Scan): readonly string[] {
  const keys = Object.keys(globalOptions);
  return found.flags
    .filter((flag) => !keys.some((key) => hasFlag({ ...found, flags: [flag] }, key, globalOptions)))
    .map(({ text }) => text);
}

function refuseUnknownFlags(found: Scan): void {
  const flag = unknownFlags(found).find((text) => text !== '--json');
  if (flag !== undefined) throw unknownOption(flag, globalOptions);
}

/** MSP_USAGE with the nearest option. */
export function unknownOption(flag: string, options: OptionDeclarations, hint?: string): MachinespawnError {
  const known = Object.keys(options).map(
    (key) => `--${key.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`,
  );
  const near = flag.startsWith('--') ? nearest(flag, known) : null;
  const text = near === null ? hint : `did you mean '${near}'?`;
  return fail('MSP_USAGE', { problem: `there is no option '${flag}'`, ...(text === undefined ? {} : { hint: text }) });
}

function without(argv: readonly string[], places: readonly number[]): readonly string[] {
  return argv.filter((_text, at) => !places.includes(at));
}
