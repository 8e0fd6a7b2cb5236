/** Types of pipeline inputs: those that mean the same everywhere. Domain types are handed in beside them. */
import type { Json } from './step.ts';
import { fail } from '../errors/machinespawn-error.ts';
import { parseByteSize } from '../model/byte-size.ts';
import { parseDuration } from '../model/duration.ts';

export interface InputType {
  /** One line: what the value is, such as "a duration, such as 10m". */
  readonly summary: string;
  /** A text is read as it stands in the file: 22.10 stays "22.10". */
  readonly text: boolean;
  /** The value says where a secret is; only steps see the secret itself. */
  readonly secret?: true;
  /** Text from a command line, or a value of a file, to the value that steps see. Throws a MachinespawnError that says why not. */
  parse(value: unknown): Json;
  /** JSON Schema of what a person may write. */
  readonly jsonSchema: { readonly [key: string]: Json };
}

export type InputTypes = Readonly<Record<string, InputType>>;

function refuse(value: unknown, what: string): never {
  const shown = typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
  throw fail('MSP_USAGE', { problem: `${shown ?? 'nothing'} is not ${what}` });
}

function parseText(value: unknown, what: string): string {
  return typeof value === 'string' ? value : refuse(value, what);
}

const booleanWords: Readonly<Record<string, boolean>> = { true: true, yes: true, false: false, no: false };
const numberForm = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/iu;

/** The types that need no knowledge of what a pipeline is about. */
export const genericInputTypes: InputTypes = {
  string: {
    summary: 'a text',
    text: true,
    parse: (value) => parseText(value, 'a text'),
    jsonSchema: { type: 'string' },
  },
  path: {
    summary: 'a path',
    text: true,
    parse: (value) => {
      const path = parseText(value, 'a path');
      return path === '' || path.includes('\0') ? refuse(value, 'a path') : path;
    },
    jsonSchema: { type: 'string', minLength: 1 },
  },
  number: {
    summary: 'a number',
    text: false,
    parse: (value) => {
      if (typeof value === 'number' && Number.isFinite(value)) return value;
      if (typeof value === 'string' && numberForm.test(value.trim())) return Number(value);
      return refuse(value, 'a number');
    },
    jsonSchema: { type: 'number' },
  },
  boolean: {
    summary: 'true or false',
    text: false,
    parse: (value) => {
      if (typeof value === 'boolean') return value;
      if (typeof value === 'string' && Object.hasOwn(booleanWords, value)) return booleanWords[value] ?? false;
      return refuse(value, 'true or false');
    },
    jsonSchema: { type: 'boolean' },
  },
  list: {
    summary: 'a list of texts, or texts with commas between them',
    text: true,
    parse: (value) => {
      if (typeof value === 'string') return value === '' ? [] : value.split(',').map((item) => item.trim());
      if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
      return refuse(value, 'a list of texts');
    },
    jsonSchema: { anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }] },
  },
  choice: {
    summary: 'one of its options',
    text: true,
    parse: (value) => parseText(value, 'a text'),
    jsonSchema: { type: 'string' },
  },
  secret: {
    summary: 'where a secret is: @FILE or env:VARIABLE; steps see its text',
    text: true,
    secret: true,
    parse: (value) => {
      const source = parseText(value, 'the place of a secret');
      if (/^(?:@[^\0]+|env:[A-Za-z_]\w*)$/u.test(source)) return source;
      // What was given may be the secret itself: it is not shown.
      throw fail('MSP_USAGE', { problem: 'a secret is not written down: @FILE or env:VARIABLE says where it is' });
    },
    jsonSchema: { type: 'string', pattern: '^(@.+|env:[A-Za-z_][A-Za-z0-9_]*)$' },
  },
  duration: {
    summary: 'a duration such as 10m; steps see milliseconds',
    text: true,
    parse: (value) => parseDuration(parseText(value, 'a duration (such as 10m)')),
    jsonSchema: { type: 'string' },
  },
  size: {
    summary: 'a size such as 512M; steps see bytes',
    text: true,
    parse: (value) => parseByteSize(parseText(value, 'a size (such as 512M)')),
    jsonSchema: { type: 'string' },
  },
};
