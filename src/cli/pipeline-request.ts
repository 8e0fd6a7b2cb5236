/** `-i name=value` and the name of a pipeline. */
import { isAbsolute, resolve } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import type { App, RunRequest } from '../app-types.ts';
import type { OptionDeclarations, OptionValues } from './command.ts';

export const inputOption = {
  input: { type: 'repeat', short: 'i', valueName: 'NAME=VALUE', summary: 'An input of the pipeline' },
} as const satisfies OptionDeclarations;

export const partOptions = {
  inputsFile: { type: 'string', valueName: 'FILE', summary: 'Inputs from a YAML or JSON file; -i goes first' },
  matrix: { type: 'repeat', short: 'm', valueName: 'NAME=VALUE', summary: 'Only these combinations of the matrix' },
  only: { type: 'list', valueName: 'STEP', summary: 'Only these steps, and what they need' },
  skip: { type: 'list', valueName: 'STEP', summary: 'Without these steps' },
  until: { type: 'string', valueName: 'STEP', summary: 'Without what comes after this step' },
} as const satisfies OptionDeclarations;

/** The inputs of a file and those of the command line, and which part of the pipeline is meant. Throws MSP_USAGE, MSP_FILE_UNREADABLE, MSP_PIPELINE_INVALID. */
export async function readRequest(
  app: Pick<App, 'readInputs'>,
  options: OptionValues<typeof inputOption & typeof partOptions>,
): Promise<Pick<RunRequest, 'inputs' | 'cells' | 'only' | 'skip' | 'until'>> {
  const { input, inputsFile, matrix, only, skip, until } = options;
  const fromFile = inputsFile === undefined ? {} : await app.readInputs(inputsFile);
  return {
    inputs: { ...fromFile, ...parseInputs(input) },
    ...(matrix.length === 0 ? {} : { cells: parseMatrix(matrix) }),
    ...(only.length === 0 ? {} : { only }),
    ...(skip.length === 0 ? {} : { skip }),
    ...(until === undefined ? {} : { until }),
  };
}

/** Several values of one name are one or the other. */
function parseMatrix(pairs: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const choice = new Map<string, string[]>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw fail('MSP_USAGE', { problem: `--matrix '${pair}' is not NAME=VALUE` });
    const name = pair.slice(0, at);
    choice.set(name, [...(choice.get(name) ?? []), pair.slice(at + 1)]);
  }
  return Object.fromEntries(choice);
}

/** Values stay text: the pipeline knows their types. Throws MSP_USAGE. */
export function parseInputs(pairs: readonly string[]): Readonly<Record<string, string>> {
  const inputs = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw fail('MSP_USAGE', { problem: `--input '${pair}' is not NAME=VALUE` });
    const name = pair.slice(0, at);
    if (inputs.has(name)) throw fail('MSP_USAGE', { problem: `input '${name}' is given twice` });
    inputs.set(name, pair.slice(at + 1));
  }
  return Object.fromEntries(inputs);
}

/** A file is named from where the person is; anything else is the name of a built-in pipeline. */
export function pipelineName(text: string, cwd: string): string {
  const isFile = text.includes('/') || /\.ya?ml$/u.test(text);
  return isFile && !isAbsolute(text) ? resolve(cwd, text) : text;
}
