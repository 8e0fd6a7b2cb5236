/** Text of a pipeline file -> Pipeline, or all that is wrong with it, each with its line and column. */
import { createHash } from 'node:crypto';
import { MachinespawnError } from '../errors/machinespawn-error.ts';
import type { InputTypes } from './input-types.ts';
import { MapReader, nameOf } from './map-reader.ts';
import { Faults } from './pipeline-faults.ts';
import { nameForm, readInputs } from './pipeline-inputs.ts';
import { readMatrix } from './pipeline-matrix.ts';
import { readSteps, stepIdForm } from './pipeline-steps.ts';
import { StepChecker } from './pipeline-check.ts';
import { ValueReader } from './pipeline-values.ts';
import type { Pipeline, PipelineInput } from './pipeline.ts';
import type { StepRegistry } from './step-registry.ts';
import type { YamlMap } from './yaml-tree.ts';
import { readYamlTree } from './yaml-tree.ts';

export interface ParseOptions<Services> {
  /** As faults name it; null where the text comes from no file. */
  readonly file: string | null;
  readonly registry: StepRegistry<Services>;
  /** Generic ones and those of the domain. */
  readonly inputTypes: InputTypes;
  /** Puts the step types of a plugin into the registry; gives the file that it is, null for one that is built in. */
  readonly loadPlugin?: (name: string, askedBy: string) => Promise<string | null>;
}

const keys = ['format', 'id', 'summary', 'inputs', 'plugins', 'matrix', 'steps', 'outputs'] as const;

/** Throws MSP_PIPELINE_INVALID with all faults (see `PipelineFault`), MSP_STEP_TYPE_INVALID for a step type at fault itself. */
export async function parsePipeline<Services>(text: string, options: ParseOptions<Services>): Promise<Pipeline> {
  const faults = new Faults(options.file ?? 'pipeline', text);
  const tree = readYamlTree(text, faults);
  if (tree !== null && tree.kind !== 'map') {
    faults.add(
      tree,
      'type',
      [],
      `a pipeline is a map with ${keys.slice(0, 3).join(', ')} and steps; this is ${nameOf(tree)}`,
    );
  }
  if (tree?.kind !== 'map') throw faults.error();
  const pipeline = await readPipeline(tree, text, options, faults);
  if (faults.any || pipeline === null) throw faults.error();
  return pipeline;
}

async function readPipeline<Services>(
  tree: YamlMap,
  text: string,
  options: ParseOptions<Services>,
  faults: Faults,
): Promise<Pipeline | null> {
  const reader = new MapReader(tree, 'the pipeline', [], keys, faults);
  readFormat(reader);
  const id = readId(reader);
  const summary = reader.line('summary', reader.required('summary'));
  const { inputs, names } = readInputsOf(reader, options.inputTypes, faults);
  const plugins = await loadPlugins(reader, options, faults);
  const stepsNode = reader.required('steps');
  if (stepsNode !== undefined && (stepsNode.kind !== 'list' || stepsNode.items.length === 0)) {
    reader.refuse(
      stepsNode,
      'type',
      'steps',
      stepsNode.kind === 'list' ? 'the list is empty' : `${nameOf(stepsNode)} is not a list of steps`,
    );
  }
  const drafts = stepsNode?.kind === 'list' ? readSteps(stepsNode, faults) : [];
  const matrixMap = reader.map('matrix') ?? null;
  const values = new ValueReader();
  const matrix = matrixMap === null ? null : readMatrix(matrixMap, values, faults);
  const known = { inputs: names, matrix: matrix?.names ?? null };
  const checker = new StepChecker(drafts, known, options.registry, faults, text);
  checker.checkMatrix(await values.take());
  const steps = await checker.check();
  const outputs = await checker.readOutputs(readOutputsOf(reader, faults));
  if (id === null || summary === undefined) return null;
  const sourceDigest = createHash('sha256').update(text).digest('hex');
  const spec = matrix?.spec ?? null;
  return { format: 1, id, summary, file: options.file, sourceDigest, inputs, plugins, matrix: spec, steps, outputs };
}

/** A plugin that does not load ends the reading: its steps would all be faults, too. */
async function loadPlugins<Services>(
  reader: MapReader,
  options: ParseOptions<Services>,
  faults: Faults,
): Promise<readonly string[]> {
  const files: string[] = [];
  for (const { text, node } of reader.texts('plugins') ?? []) {
    const askedBy = `${options.file ?? 'the pipeline'}, line ${faults.lineOf(node.start)},`;
    try {
      const file = (await options.loadPlugin?.(text, askedBy)) ?? null;
      if (file !== null) files.push(file);
    } catch (error) {
      // Whether to trust it is a question, not a fault of the file.
      if (!MachinespawnError.is(error) || error.code === 'MSP_PLUGIN_UNTRUSTED') throw error;
      faults.add(node, 'plugin', ['plugins'], error.message, error.hint ?? null);
      throw faults.error();
    }
  }
  return files;
}

function readFormat(reader: MapReader): void {
  const node = reader.required('format');
  if (node === undefined || (node.kind === 'scalar' && node.value === 1)) return;
  reader.refuse(node, 'format', 'format', `${nameOf(node)} is not a format that this version knows`, 'write format: 1');
}

function readId(reader: MapReader): string | null {
  const node = reader.required('id');
  const id = reader.text('id', node);
  if (id === undefined || node === undefined) return null;
  if (stepIdForm.test(id) && id.length <= 64) return id;
  reader.refuse(
    node,
    'name',
    'id',
    `${nameOf(node)} cannot be the id of a pipeline`,
    'lower-case words with dashes between them',
  );
  return null;
}

function readInputsOf(
  reader: MapReader,
  types: InputTypes,
  faults: Faults,
): { readonly inputs: readonly PipelineInput[]; readonly names: ReadonlySet<string> } {
  const map = reader.map('inputs');
  return map === undefined || map === null ? { inputs: [], names: new Set() } : readInputs(map, types, faults);
}

function readOutputsOf(reader: MapReader, faults: Faults): YamlMap | null {
  const map = reader.map('outputs') ?? null;
  for (const { key, keyPlace } of map?.entries.values() ?? []) {
    if (!nameForm.test(key)) faults.add(keyPlace, 'name', ['outputs', key], `'${key}' cannot be the name of an output`);
  }
  return map;
}
