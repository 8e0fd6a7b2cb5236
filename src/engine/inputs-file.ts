/** Inputs of a run from a file, YAML or JSON. The pipeline knows their types: scalars are texts as they are written. */
import { Faults } from './pipeline-faults.ts';
import { nameOf } from './map-reader.ts';
import { readYamlTree, type YamlNode } from './yaml-tree.ts';

/** Throws MSP_PIPELINE_INVALID with all faults. */
export function readInputsFile(text: string, file: string): Readonly<Record<string, unknown>> {
  const faults = new Faults(file, text);
  const tree = readYamlTree(text, faults);
  if (tree !== null && tree.kind !== 'map')
    faults.add(tree, 'type', [], `a file of inputs is a map of names and values; this is ${nameOf(tree)}`);
  if (faults.any || tree?.kind !== 'map') throw faults.error();
  return Object.fromEntries([...tree.entries.values()].map(({ key, value }) => [key, plain(value)]));
}

function plain(node: YamlNode): unknown {
  if (node.kind === 'list') return node.items.map(plain);
  if (node.kind === 'map')
    return Object.fromEntries([...node.entries.values()].map(({ key, value }) => [key, plain(value)]));
  return node.value === null || typeof node.value === 'string' ? node.value : node.source;
}
