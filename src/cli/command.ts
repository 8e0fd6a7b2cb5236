/** The contract of a command: one declaration from which parsing, help and documentation derive. */
import type { App } from '../app-types.ts';
import type { Globals } from './global-options.ts';
import type { Terminal } from './terminal.ts';

export interface PositionalDeclaration {
  readonly name: string;
  readonly summary: string;
  readonly optional?: true;
  /** Takes all that is left; only the last one may. */
  readonly variadic?: true;
}

/**
 * `list`: may be given more than once, and with commas. `repeat`: may be given more than once, commas mean nothing.
 * `count`: a whole number from 0.
 */
export interface OptionDeclaration {
  readonly type: 'boolean' | 'string' | 'list' | 'repeat' | 'count';
  /** One letter. */
  readonly short?: string;
  /** What the help shows for the value: "ARCH". */
  readonly valueName?: string;
  readonly choices?: readonly string[];
  readonly summary: string;
}

export type OptionDeclarations = Readonly<Record<string, OptionDeclaration>>;

export type OptionValue<O extends OptionDeclaration> = O['type'] extends 'boolean'
  ? boolean
  : O['type'] extends 'list' | 'repeat'
    ? readonly string[]
    : O['type'] extends 'count'
      ? number | undefined
      : string | undefined;

export type OptionValues<O extends OptionDeclarations> = { readonly [K in keyof O]: OptionValue<O[K]> };

export type PositionalValues<P extends readonly PositionalDeclaration[]> = {
  readonly [D in P[number] as D['name']]: D extends { readonly variadic: true }
    ? readonly string[]
    : D extends { readonly optional: true }
      ? string | undefined
      : string;
};

/** One call of a command. */
export interface Invocation<
  P extends readonly PositionalDeclaration[] = readonly PositionalDeclaration[],
  O extends OptionDeclarations = OptionDeclarations,
> {
  readonly positionals: PositionalValues<P>;
  readonly options: OptionValues<O>;
  /** Words of a pass-through command: the program to run and its arguments. */
  readonly passed: readonly string[];
  /** Words between the first positional and the program that belong to another tool. */
  readonly handedOver: readonly string[];
  readonly globals: Globals;
  readonly app: App;
  readonly terminal: Terminal;
  /** As typed. */
  readonly typed: readonly string[];
  /** As typed, with what the environment said turned into options: sudo drops the environment. */
  readonly argv: readonly string[];
}

export const groups = ['Build', 'Run', 'Manage', 'Pipelines', 'Helpers'] as const;
export type Group = (typeof groups)[number];

export interface Command<P extends readonly PositionalDeclaration[], O extends OptionDeclarations> {
  /** "list", or "runs ls" for one of a family. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** Names that work, for the sake of old scripts, and stand in no help. */
  readonly hiddenAliases?: readonly string[];
  /** One line, imperative, no full stop. */
  readonly summary: string;
  readonly group: Group;
  /** `steps`: when a step of the pipeline needs it. */
  readonly needsRoot: 'always' | 'never' | 'steps';
  readonly positionals: P;
  readonly options: O;
  /** Command lines with a word about each; shown first, and parsed by a test. */
  readonly examples: readonly (readonly [line: string, text: string])[];
  /** Further paragraphs of the help page. */
  readonly details?: string;
  /** What follows the first positional is a command line of its own; options after its first word are not ours. */
  readonly passThrough?: true;
  /** Gives the exit code. */
  run(invocation: Invocation<P, O>): Promise<number>;
}

/** A command with its type parameters forgotten, as the table holds it. */
// oxlint-disable-next-line typescript/no-explicit-any -- the parser fills exactly what the declaration names
export type AnyCommand = Command<any, any>;

/** Keeps the literal types of a declaration. */
export function defineCommand<const P extends readonly PositionalDeclaration[], const O extends OptionDeclarations>(
  command: Command<P, O>,
): Command<P, O> {
  return command;
}

/** noLegend -> "--no-legend". */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`;
}

export function takesValue(option: OptionDeclaration): boolean {
  return option.type !== 'boolean';
}
