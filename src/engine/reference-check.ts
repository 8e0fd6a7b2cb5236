/** What a name in an expression stands for, told before anything runs. */
import { fieldSchemas, alternatives, type JsonSchema } from './json-schema.ts';
import type { Faults } from './pipeline-faults.ts';
import type { NameSegment, Reference } from './template.ts';

export interface Scope {
  readonly inputs: ReadonlySet<string>;
  /** Output schema of each step; null where its type is not known. */
  readonly steps: ReadonlyMap<string, JsonSchema | null>;
  /** Names of the matrix; null outside of its cells. */
  readonly matrix: ReadonlySet<string> | null;
  /** Steps whose outputs are seen as a map from cell to outputs. */
  readonly mapped: ReadonlySet<string>;
}

export type Resolved =
  | {
      readonly kind: 'value';
      /** Null where nothing is known. */ readonly schemas: readonly JsonSchema[] | null;
      readonly step: string | null;
    }
  | {
      readonly kind: 'unknown';
      readonly segment: NameSegment;
      readonly message: string;
      readonly hint: string | null;
      readonly step: string | null;
    };

const roots = ['inputs', 'steps', 'run', 'matrix'] as const;
const text: readonly JsonSchema[] = [{ type: 'string' }];

export function resolveReference(reference: Reference, scope: Scope, faults: Faults): Resolved {
  const [root, first, second] = reference.segments;
  if (root === undefined) throw new TypeError('a reference without a name');
  const unknown = (
    segment: NameSegment,
    message: string,
    hint: string | null,
    step: string | null = null,
  ): Resolved => ({ kind: 'unknown', segment, message, hint, step });

  if (root.name === 'inputs') {
    if (first === undefined || scope.inputs.has(first.name)) return { kind: 'value', schemas: null, step: null };
    return unknown(
      first,
      `there is no input '${first.name}'`,
      faults.suggest(first.name, scope.inputs) ?? listHint(scope.inputs),
    );
  }
  if (root.name === 'run') {
    if (first === undefined || first.name === 'id')
      return { kind: 'value', schemas: reference.path.length === 1 ? text : null, step: null };
    return unknown(first, `a run has no '${first.name}'`, 'there is run.id');
  }
  if (root.name === 'matrix') {
    if (scope.matrix === null) return unknown(root, 'there is no matrix here', null);
    if (first === undefined || scope.matrix.has(first.name)) return { kind: 'value', schemas: null, step: null };
    const hint = faults.suggest(first.name, scope.matrix) ?? listHint(scope.matrix);
    return unknown(first, `the matrix has no '${first.name}'`, hint);
  }
  if (root.name !== 'steps') {
    return unknown(
      root,
      `there is no '${root.name}'`,
      faults.suggest(root.name, roots) ?? 'there are inputs, steps and run',
    );
  }
  if (first === undefined) return unknown(root, 'which step is not written', 'write steps.ID.outputs');
  const schema = scope.steps.get(first.name);
  if (schema === undefined)
    return unknown(first, `there is no step '${first.name}'`, faults.suggest(first.name, scope.steps.keys()));
  if (second === undefined)
    return unknown(first, 'a step is no value', `write steps.${first.name}.outputs`, first.name);
  if (second.name !== 'outputs') {
    return unknown(
      second,
      `a step has no '${second.name}'`,
      faults.suggest(second.name, ['outputs']) ?? 'it has outputs',
      first.name,
    );
  }
  if (schema === null || scope.mapped.has(first.name)) return { kind: 'value', schemas: null, step: first.name };
  return resolveFields(reference, schema, first.name, faults);
}

function resolveFields(reference: Reference, root: JsonSchema, step: string, faults: Faults): Resolved {
  let schemas: readonly JsonSchema[] = alternatives(root, root);
  let owner = `step '${step}'`;
  for (const segment of reference.segments.slice(3)) {
    if (
      schemas.some((schema) => schema.items !== undefined || schema.prefixItems !== undefined) &&
      /^\d+$/u.test(segment.name)
    ) {
      schemas = schemas
        .flatMap((schema) => schema.prefixItems?.[Number(segment.name)] ?? schema.items ?? [])
        .flatMap((schema) => alternatives(schema, root));
      owner = `'${segment.name}'`;
      continue;
    }
    const found = fieldSchemas(schemas, root, segment.name);
    if (found.kind === 'free') return { kind: 'value', schemas: null, step };
    if (found.kind === 'none') {
      const hint = faults.suggest(segment.name, found.known) ?? listHint(found.known);
      const what = owner.startsWith('step') ? 'output' : 'field';
      return { kind: 'unknown', segment, message: `${owner} has no ${what} '${segment.name}'`, hint, step };
    }
    ({ schemas } = found);
    owner = `'${segment.name}'`;
  }
  return { kind: 'value', schemas: reference.open ? null : schemas, step };
}

function listHint(names: Iterable<string>): string | null {
  const known = [...names];
  return known.length === 0 || known.length > 12
    ? null
    : `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`;
}
