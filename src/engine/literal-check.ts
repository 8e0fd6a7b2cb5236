/** Values written under `with`, checked by the step's own schema; what a `${{ }}` will give is left open. */
import type { z } from 'zod';
import { jsonTypeOf } from './json-schema.ts';
import type { Json } from './step.ts';

/** A fault at a path inside `with`. `key` where it is about a key of the map there. */
export interface LiteralFault {
  readonly kind: 'value' | 'unknown-key' | 'missing-key';
  readonly path: readonly (string | number)[];
  readonly key: string | null;
  readonly message: string;
}

/** A place inside `with` whose value is not known yet; `whole` when it may be of any type, else it is a text. */
export interface OpenPlace {
  readonly path: readonly (string | number)[];
  readonly whole: boolean;
}

type Issue = z.core.$ZodIssue;

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  null: 'nothing',
};

export function checkLiterals(schema: z.ZodType, value: Json, open: readonly OpenPlace[]): readonly LiteralFault[] {
  let issues: readonly Issue[];
  try {
    issues = schema.safeParse(value).error?.issues ?? [];
  } catch (error) {
    // A schema may turn a text into something and throw; of a text that is not known yet that says nothing.
    if (open.length > 0) return [];
    return [{ kind: 'value', path: [], key: null, message: error instanceof Error ? error.message : String(error) }];
  }
  return issues.filter((issue) => isCertain(issue, open)).flatMap((issue) => describe(issue, value));
}

function isCertain(issue: Issue, open: readonly OpenPlace[]): boolean {
  for (const { path, whole } of open) {
    const shared = Math.min(path.length, issue.path.length);
    if (!path.slice(0, shared).every((key, index) => key === issue.path[index])) continue;
    if (path.length <= issue.path.length) {
      if (whole || issue.code !== 'invalid_type') return false;
    } else if (issue.code === 'custom' || issue.code === 'invalid_union' || issue.code === 'invalid_key') return false;
  }
  return true;
}

function describe(issue: Issue, whole: Json): readonly LiteralFault[] {
  const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
  const value = valueAt(whole, path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ kind: 'unknown-key', path, key, message: `unknown key '${key}'` }));
  }
  const last = path.at(-1);
  if (value === undefined && typeof last === 'string') {
    return [{ kind: 'missing-key', path: path.slice(0, -1), key: last, message: `'${last}' is missing` }];
  }
  // Parsers of values write whole messages, which begin with the value.
  if (issue.code === 'custom' && issue.message.startsWith("'"))
    return [{ kind: 'value', path, key: null, message: issue.message }];
  return [{ kind: 'value', path, key: null, message: `${show(value)} ${expectation(issue)}` }];
}

/** "is not a text". */
function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type') return `is not ${typeNames[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value')
    return `is not ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_union') return unionExpectation(issue.errors);
  return `is refused: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
}

/** The branch that got furthest speaks for the union; those that only miss the type are named together. */
function unionExpectation(branches: readonly (readonly Issue[])[]): string {
  const first = branches.map(([issue]) => issue).filter((issue) => issue !== undefined);
  const deep = first.find((issue) => issue.code !== 'invalid_type' || issue.path.length > 0);
  if (deep !== undefined) return expectation(deep);
  const expected = first.map((issue) =>
    issue.code === 'invalid_type' ? (typeNames[issue.expected] ?? issue.expected) : '',
  );
  return `is not ${[...new Set(expected)].join(' or ')}`;
}

function show(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'object') return jsonTypeOf(value) === 'array' ? 'a list' : 'a map';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `'${text.length > 60 ? `${text.slice(0, 60)}…` : text}'`;
}

function valueAt(value: Json, path: readonly (string | number)[]): unknown {
  let at: unknown = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string | number, unknown>>)[key];
  }
  return at;
}
