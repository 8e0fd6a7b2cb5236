/** The common case, `${{ steps.a.outputs.b }}`, without loading a language for it. */
import type { Json } from './step.ts';
import type { ExpressionContext, NameSegment, RawExpression, Reference } from './template.ts';

const form = /^\s*[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)+\s*$/u;
/** The language bounds what it nests; what is longer is its to refuse. */
const maxSegments = 40;

export function parsePlainReference(raw: Pick<RawExpression, 'inner' | 'innerStart'>): Reference | null {
  if (!form.test(raw.inner)) return null;
  const segments: NameSegment[] = [];
  let start = raw.innerStart + raw.inner.length - raw.inner.trimStart().length;
  for (const name of raw.inner.trim().split('.')) {
    segments.push({ name, start, end: start + name.length });
    start += name.length + 1;
  }
  const [root] = segments;
  if (root === undefined || segments.length > maxSegments) return null;
  return { root: root.name, path: segments.slice(1).map((segment) => segment.name), segments, open: false };
}

/** Own fields only. A field of nothing is nothing; a field that an object does not have is an error. */
export function runPlainReference(reference: Reference, context: ExpressionContext): Json {
  let value: unknown = context;
  for (const { name } of reference.segments) {
    if (value === null) return null;
    value = getField(value, name);
  }
  return value as Json;
}

function getField(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || Array.isArray(value))
    throw new Error(`there is no '${name}' in ${Array.isArray(value) ? 'a list' : 'a plain value'}`);
  if (!Object.hasOwn(value as object, name)) throw new Error(`there is no '${name}'`);
  return (value as Readonly<Record<string, unknown>>)[name];
}
