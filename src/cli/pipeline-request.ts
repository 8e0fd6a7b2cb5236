/** `-i name=value` and the name of a pipeline. */
import { isAbsolute, resolve } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import type { OptionDeclarations } from './command.ts';

export const inputOption = {
  input: { type: 'repeat', short: 'i', valueName: 'NAME=VALUE', summary: 'An input of the pipeline' },
} as const satisfies OptionDeclarations;

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
