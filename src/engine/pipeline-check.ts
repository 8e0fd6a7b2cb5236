/** Checks what the steps of a file say about each other and to their step types. */
import { allowsType, type JsonSchema } from './json-schema.ts';
import { checkLiterals } from './literal-check.ts';
import type { Faults, Path, Place } from './pipeline-faults.ts';
import type { StepDraft } from './pipeline-steps.ts';
import type { PipelineStep } from './pipeline.ts';
import { locate, ValueReader, type FoundTemplate } from './pipeline-values.ts';
import { resolveReference, type Scope } from './reference-check.ts';
import { orderSteps } from './step-order.ts';
import type { StepRegistry } from './step-registry.ts';
import { inputSchema, outputSchema } from './step-schemas.ts';
import type { AnyStep, Json } from './step.ts';
import { references } from './expression.ts';
import { cutTemplate, mayHoldExpression, type ExpressionPart } from './template.ts';
import type { YamlMap, YamlNode } from './yaml-tree.ts';

const jsonTypes = ['null', 'boolean', 'number', 'string', 'array', 'object'] as const;
const typeWords: Readonly<Record<string, string>> = {
  null: 'nothing',
  boolean: 'true or false',
  number: 'a number',
  string: 'a text',
  array: 'a list',
  object: 'a map',
};

export class StepChecker<Services> {
  readonly #drafts: readonly StepDraft[];
  readonly #inputs: ReadonlySet<string>;
  /** Null: the pipeline has no matrix. */
  readonly #matrix: ReadonlySet<string> | null;
  readonly #registry: StepRegistry<Services>;
  readonly #faults: Faults;
  readonly #text: string;
  readonly #types = new Map<string, AnyStep<Services> | null>();
  #schemas: ReadonlyMap<string, JsonSchema | null> = new Map();

  constructor(
    drafts: readonly StepDraft[],
    names: { readonly inputs: ReadonlySet<string>; readonly matrix: ReadonlySet<string> | null },
    registry: StepRegistry<Services>,
    faults: Faults,
    text: string,
  ) {
    this.#drafts = drafts;
    this.#inputs = names.inputs;
    this.#matrix = names.matrix;
    this.#registry = registry;
    this.#faults = faults;
    this.#text = text;
  }

  /** The steps in the file's order; they are good when no fault was added. */
  async check(): Promise<readonly PipelineStep[]> {
    for (const draft of this.#drafts) await this.#loadType(draft);
    const schemas = this.#drafts.map((draft): [string, JsonSchema | null] => {
      const type = this.#typeOf(draft);
      return [draft.id, type === null ? null : outputSchema(type)];
    });
    this.#schemas = new Map(schemas);
    const steps: PipelineStep[] = [];
    for (const draft of this.#drafts) steps.push(await this.#checkStep(draft));
    this.#checkOrder(steps);
    return steps;
  }

  async readOutputs(map: YamlMap | null): Promise<Readonly<Record<string, Json>>> {
    if (map === null) return {};
    const reader = new ValueReader();
    const value = reader.read(map, ['outputs'], null) as Readonly<Record<string, Json>>;
    for (const found of await reader.take()) this.#checkTemplate(found, this.#scopeOf({ once: false }));
    return value;
  }

  /** What the matrix itself is made of is known before any step runs. */
  checkMatrix(templates: readonly FoundTemplate[]): void {
    const scope = { inputs: this.#inputs, steps: new Map(), matrix: null, mapped: new Set<string>() };
    for (const found of templates) {
      const other = references(found.template).find(({ root }) => root !== 'inputs')?.segments[0];
      if (other === undefined) this.#checkTemplate(found, scope);
      else
        this.#faults.add(
          locate(found, other, this.#text),
          'unknown-name',
          found.path,
          `${other.name}: a matrix knows only the inputs`,
        );
    }
  }

  #scopeOf({ once }: { readonly once: boolean }): Scope {
    const isOutside = once && this.#matrix !== null;
    const mapped = isOutside ? this.#drafts.filter((draft) => !this.#isOnce(draft)).map(({ id }) => id) : [];
    const matrix = once ? null : this.#matrix;
    return { inputs: this.#inputs, steps: this.#schemas, matrix, mapped: new Set(mapped) };
  }

  #isOnce({ matrix }: StepDraft): boolean {
    return this.#matrix === null || matrix?.value === false;
  }

  async #loadType({ uses, path }: StepDraft): Promise<void> {
    if (uses === null || this.#types.has(uses.text)) {
      if (uses !== null && this.#types.get(uses.text) === null) this.#refuseType(uses, path);
      return;
    }
    const known = this.#registry.has(uses.text);
    this.#types.set(uses.text, known ? await this.#registry.get(uses.text) : null);
    if (!known) this.#refuseType(uses, path);
  }

  #refuseType(uses: { readonly text: string; readonly node: YamlNode }, path: Path): void {
    const hint = this.#faults.suggest(uses.text, this.#registry.ids()) ?? 'machinespawn pipeline steps';
    this.#faults.add(uses.node, 'unknown-step', [...path, 'uses'], `there is no step type '${uses.text}'`, hint);
  }

  #typeOf(draft: StepDraft): AnyStep<Services> | null {
    return draft.uses === null ? null : (this.#types.get(draft.uses.text) ?? null);
  }

  async #checkStep(draft: StepDraft): Promise<PipelineStep> {
    const type = this.#typeOf(draft);
    const reader = new ValueReader();
    const path = [...draft.path, 'with'];
    const schema = type === null ? null : inputSchema(type);
    const value =
      draft.with === null ? {} : (reader.read(draft.with, path, schema) as { readonly [key: string]: Json });
    const found = await reader.take();
    if (type !== null) this.#checkWith(draft, type, value, found);
    const condition = this.#readCondition(draft, reader);
    const once = this.#isOnce(draft);
    const scope = this.#scopeOf({ once });
    if (draft.matrix !== null && this.#matrix === null)
      this.#faults.add(draft.matrix.place, 'matrix', [...draft.path, 'matrix'], 'the pipeline has no matrix');
    const needs = new Set(draft.needs.map(({ text, node }) => this.#checkNeed(text, node, draft.path)));
    for (const template of [...found, ...(await reader.take())]) {
      for (const step of this.#checkTemplate(template, scope)) needs.add(step);
    }
    const { id, retry, timeoutMs, cache, always, line } = draft;
    const known = [...needs].filter((need) => need !== null);
    const uses = draft.uses?.text ?? '';
    return {
      id,
      uses,
      summary: draft.summary ?? type?.summary ?? '',
      with: value,
      needs: known,
      if: condition,
      retry,
      timeoutMs,
      cache,
      always,
      once,
      line,
    };
  }

  #checkNeed(text: string, node: YamlNode, path: Path): string | null {
    if (this.#schemas.has(text)) return text;
    const hint = this.#faults.suggest(text, this.#schemas.keys());
    this.#faults.add(node, 'unknown-name', [...path, 'needs'], `needs: there is no step '${text}'`, hint);
    return null;
  }

  /** Braces are added where they were left out, so that what runs later knows one form only. */
  #readCondition(draft: StepDraft, reader: ValueReader): string | null {
    if (draft.if === null) return null;
    const { text, node } = draft.if;
    const path = [...draft.path, 'if'];
    const [part, ...more] = cutTemplate(text.trim());
    if (part?.kind === 'raw' && more.length === 0) {
      reader.note(text.trim(), { node, path, target: null, shift: 0 });
      return text.trim();
    }
    if (mayHoldExpression(text)) {
      this.#faults.add(node, 'if', path, 'if: takes one expression, and nothing beside it');
      return null;
    }
    const full = `\${{ ${text} }}`;
    reader.note(full, { node, path, target: null, shift: 4 });
    return full;
  }

  #checkWith(draft: StepDraft, type: AnyStep<Services>, value: Json, found: readonly FoundTemplate[]): void {
    const base = draft.path.length + 1;
    const open = found.map(({ path, template }) => ({ path: path.slice(base), whole: template.parts.length === 1 }));
    const all = checkLiterals(type.input, value, open);
    const unknown = all.filter((fault) => fault.kind === 'unknown-key');
    const missing = all.filter((fault) => fault.kind === 'missing-key');
    const meant = new Set<string | null>();
    for (const fault of unknown) {
      const where =
        fault.path.length === 0 ? `'with' of step '${draft.id}'` : `'${fault.path.join('.')}' of step '${draft.id}'`;
      const names = Object.keys(fault.path.length === 0 ? (inputSchema(type).properties ?? {}) : {});
      const near = this.#faults.nearest(fault.key ?? '', names);
      meant.add(near);
      const hint =
        near === null ? (names.length > 0 ? `there are ${names.join(', ')}` : null) : `did you mean '${near}'?`;
      const place = placeIn(draft, fault.path, fault.key);
      this.#faults.add(
        place,
        'unknown-key',
        [...draft.path, 'with', ...fault.path, fault.key ?? ''],
        `${fault.message} in ${where}`,
        hint,
      );
    }
    for (const fault of [...missing, ...all.filter((other) => other.kind === 'value')]) {
      if (fault.kind === 'missing-key' && meant.has(fault.key)) continue;
      const at = fault.path.join('.');
      const isMissing = fault.kind === 'missing-key';
      const message = isMissing
        ? `${at === '' ? `'with' of step '${draft.id}'` : `'${at}' of step '${draft.id}'`} has no '${fault.key ?? ''}'`
        : `${at === '' ? 'with' : at}: ${fault.message}`;
      const path = [...draft.path, 'with', ...fault.path, ...(fault.key === null ? [] : [fault.key])];
      this.#faults.add(placeIn(draft, fault.path, null), isMissing ? 'missing-key' : 'value', path, message);
    }
  }

  /** Ids of the steps that it refers to. */
  #checkTemplate(found: FoundTemplate, scope: Scope): readonly string[] {
    const steps: string[] = [];
    for (const part of found.template.parts) {
      if (part.kind === 'text') continue;
      const shown = `\${{ ${part.source.length > 60 ? `${part.source.slice(0, 60)}…` : part.source} }}`;
      for (const problem of part.problems) {
        this.#faults.add(
          locate(found, problem, this.#text),
          'expression',
          found.path,
          `${shown}: ${problem.message}`,
          problem.hint,
        );
      }
      for (const reference of part.references) {
        const resolved = resolveReference(reference, scope, this.#faults);
        if (resolved.step !== null) steps.push(resolved.step);
        if (resolved.kind === 'unknown') {
          const place = locate(found, resolved.segment, this.#text);
          this.#faults.add(place, 'unknown-name', found.path, `${shown}: ${resolved.message}`, resolved.hint);
        } else if (isAlone(part, found)) this.#checkTypes(found, part, shown, resolved.schemas);
      }
    }
    return steps;
  }

  #checkTypes(found: FoundTemplate, part: ExpressionPart, shown: string, gives: readonly JsonSchema[] | null): void {
    const { target } = found;
    if (gives === null || target === null) return;
    const given = jsonTypes.filter((type) => gives.some((schema) => allowsType(schema, type)));
    const taken = jsonTypes.filter((type) => target.some((schema) => allowsType(schema, type)));
    if (given.length === 0 || taken.length === 0 || given.some((type) => taken.includes(type))) return;
    const words = (types: readonly string[]): string => types.map((type) => typeWords[type] ?? type).join(' or ');
    const name = String(found.path.at(-1));
    this.#faults.add(
      locate(found, part, this.#text),
      'type',
      found.path,
      `${shown} gives ${words(given)}, but '${name}' takes ${words(taken)}`,
    );
  }

  #checkOrder(steps: readonly PipelineStep[]): void {
    const order = orderSteps(steps);
    if (order.kind === 'order') return;
    const draft = this.#drafts.find(({ id }) => id === order.ids[0]);
    const shown = order.ids.length > 12 ? [...order.ids.slice(0, 10), '…', ...order.ids.slice(-1)] : order.ids;
    const message =
      order.ids.length === 2
        ? `step '${order.ids[0] ?? ''}' needs itself`
        : `these steps need each other: ${shown.join(' -> ')}`;
    this.#faults.add(draft?.place ?? { start: 0, end: 1 }, 'cycle', draft?.path ?? [], message);
  }
}

/** Is the expression one plain name, and the whole text? Only then is the type of the name that of the value. */
function isAlone(part: ExpressionPart, found: FoundTemplate): boolean {
  const [reference] = part.references;
  const name = reference === undefined ? '' : [reference.root, ...reference.path].join('.');
  return found.template.parts.length === 1 && part.source === name;
}

/** Of the value at a path inside `with`, or of one of its keys. */
function placeIn(draft: StepDraft, path: readonly (string | number)[], key: string | null): Place {
  if (draft.with === null) return draft.place;
  let at: YamlNode = draft.with;
  for (const part of path) {
    const next: YamlNode | undefined =
      at.kind === 'list' ? at.items[Number(part)] : at.kind === 'map' ? at.entries.get(String(part))?.value : undefined;
    if (next === undefined) break;
    at = next;
  }
  if (key !== null && at.kind === 'map') return at.entries.get(key)?.keyPlace ?? at;
  return at;
}
