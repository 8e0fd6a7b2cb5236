/** The `steps` of a pipeline file, one by one; what they refer to is checked afterwards. */
import { catalog } from '../errors/catalog.ts';
import { MapReader, nameOf } from './map-reader.ts';
import type { Faults, Path, Place } from './pipeline-faults.ts';
import type { RetryPolicy } from './step.ts';
import type { YamlList, YamlMap, YamlNode, YamlScalar } from './yaml-tree.ts';

/** A step as it is written. */
export interface StepDraft {
  readonly id: string;
  /** Of its id, or of its first key. */
  readonly place: Place;
  readonly path: Path;
  readonly uses: { readonly text: string; readonly node: YamlNode } | null;
  readonly summary: string | null;
  readonly with: YamlMap | null;
  readonly needs: readonly { readonly text: string; readonly node: YamlNode }[];
  readonly if: { readonly text: string; readonly node: YamlScalar } | null;
  readonly retry: RetryPolicy | null;
  readonly timeoutMs: number | null;
  readonly cache: boolean;
  readonly always: boolean;
  /** Where `matrix` is written: it says whether the step belongs to the cells. */
  readonly matrix: { readonly value: boolean; readonly place: Place } | null;
  readonly line: number;
}

const stepKeys = [
  ...(['id', 'uses', 'summary', 'with', 'needs', 'if', 'retry', 'timeout', 'cache', 'always', 'matrix'] as const),
];
const retryKeys = ['attempts', 'on', 'delay'] as const;
export const stepIdForm = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/u;
const maxIdLength = 64;

/** Steps without a usable id are left out of the result, with their faults. */
export function readSteps(list: YamlList, faults: Faults): readonly StepDraft[] {
  const drafts: StepDraft[] = [];
  const firstLines = new Map<string, number>();
  for (const [index, item] of list.items.entries()) {
    const path = ['steps', index];
    if (item.kind !== 'map') {
      faults.add(
        item,
        'type',
        path,
        `${nameOf(item)} is not a step`,
        'a step is a map such as { id: hello, uses: echo }',
      );
      continue;
    }
    const draft = readStep(item, path, index, faults);
    if (draft === null) continue;
    const firstLine = firstLines.get(draft.id);
    if (firstLine === undefined) {
      firstLines.set(draft.id, draft.line);
      drafts.push(draft);
    } else
      faults.add(
        draft.place,
        'duplicate-id',
        [...path, 'id'],
        `duplicate step id '${draft.id}' (first at line ${firstLine})`,
      );
  }
  return drafts;
}

function readStep(map: YamlMap, path: Path, index: number, faults: Faults): StepDraft | null {
  const idNode = map.entries.get('id')?.value;
  const shown =
    idNode?.kind === 'scalar' && typeof idNode.value === 'string' ? `step '${idNode.value}'` : `step ${index + 1}`;
  const reader = new MapReader(map, shown, path, stepKeys, faults);
  const id = readId(reader);
  const usesNode = reader.required('uses');
  const uses = reader.line('uses', usesNode);
  const place = id === null ? reader.place : (idNode ?? reader.place);
  const ifNode = reader.entry('if')?.value;
  const condition = reader.line('if');
  const matrixEntry = reader.entry('matrix');
  const matrix = reader.boolean('matrix');
  const draft = {
    place,
    path,
    uses: uses === undefined || usesNode === undefined ? null : { text: uses, node: usesNode },
    summary: reader.line('summary') ?? null,
    with: reader.map('with') ?? null,
    needs: reader.texts('needs') ?? [],
    if: condition === undefined || ifNode?.kind !== 'scalar' ? null : { text: condition, node: ifNode },
    retry: readRetry(reader),
    timeoutMs: reader.duration('timeout') ?? null,
    cache: reader.boolean('cache') ?? true,
    always: reader.boolean('always') ?? false,
    matrix: matrix === undefined || matrixEntry === undefined ? null : { value: matrix, place: matrixEntry.keyPlace },
    line: faults.lineOf(place.start),
  };
  return id === null ? null : { id, ...draft };
}

function readId(reader: MapReader): string | null {
  const node = reader.required('id');
  const id = reader.text('id', node);
  if (id === undefined || node === undefined) return null;
  if (stepIdForm.test(id) && id.length <= maxIdLength) return id;
  reader.refuse(
    node,
    'name',
    'id',
    `${nameOf(node)} cannot be the id of a step`,
    'lower-case words with dashes between them',
  );
  return null;
}

function readRetry(step: MapReader): RetryPolicy | null {
  const map = step.map('retry');
  if (map === undefined || map === null) return null;
  const reader = new MapReader(map, "'retry'", [...step.path, 'retry'], retryKeys, step.faults);
  reader.required('attempts');
  const attempts = reader.integer('attempts', 1, 100);
  reader.required('on');
  const on = reader.texts('on');
  const delayMs = reader.duration('delay');
  for (const { text, node } of on ?? []) {
    if (Object.hasOwn(catalog, text)) continue;
    reader.refuse(
      node,
      'unknown-error',
      'on',
      `there is no error code '${text}'`,
      step.faults.suggest(text, Object.keys(catalog)),
    );
  }
  if (attempts === undefined || on === undefined) return null;
  return { attempts, on: on.map((code) => code.text), ...(delayMs === undefined ? {} : { delayMs }) };
}
