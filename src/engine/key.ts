/** What decides a result, as a content address; and why two of them differ. */
import { createHash } from 'node:crypto';
import type { Json } from './step.ts';

/** Raised when keys are made in another way: no result made before is taken again. */
const keyVersion = 1;

/** One text for one value: keys sorted, fields that are undefined left out. Throws TypeError for what JSON cannot say. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${value} has no place in JSON`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${Array.from(value, canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || !isPlain(value)) throw new TypeError(`a ${typeof value} has no place in JSON`);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(',')}}`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

export interface KeyParts {
  /** The step type as pipelines name it. */
  readonly type: string;
  readonly version: number;
  readonly identity: unknown;
}

/** 64 hex digits. */
export function stepKey({ type, version, identity }: KeyParts): string {
  return createHash('sha256').update(canonicalJson({ keyVersion, type, version, identity })).digest('hex');
}

/** One place where two identities differ; null stands for what is not there, too. */
export interface IdentityChange {
  /** "archive.suite", "packages.3"; '' for the whole. */
  readonly path: string;
  readonly before: Json;
  readonly after: Json;
}

/** The innermost places that differ, in the order of their names. */
export function diffIdentity(before: Json, after: Json): readonly IdentityChange[] {
  const changes: IdentityChange[] = [];
  collect(before, after, [], changes);
  return changes;
}

function collect(
  before: Json | undefined,
  after: Json | undefined,
  path: readonly string[],
  changes: IdentityChange[],
): void {
  if (isContainer(before) && isContainer(after) && Array.isArray(before) === Array.isArray(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    if (!Array.isArray(before)) names.sort();
    for (const name of names) collect(fieldOf(before, name), fieldOf(after, name), [...path, name], changes);
    return;
  }
  if (before !== undefined && after !== undefined && canonicalJson(before) === canonicalJson(after)) return;
  changes.push({ path: path.join('.'), before: before ?? null, after: after ?? null });
}

type Container = Readonly<Record<string, Json>>;

function isContainer(value: Json | undefined): value is Container {
  return typeof value === 'object' && value !== null;
}

function fieldOf(value: Container, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
