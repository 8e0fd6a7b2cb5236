/** The types of pipeline inputs that only this product knows, beside the generic ones of the engine. */
import { resolve } from 'node:path';
import { genericInputTypes, type InputType, type InputTypes } from './engine/input-types.ts';
import { fail } from './errors/machinespawn-error.ts';
import { archOfNode, archs, parseArch } from './model/arch.ts';
import { formatImageSpec, parseImageSpec } from './model/image-spec.ts';
import { parseMachineName } from './model/machine-name.ts';

function text(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw fail('MSP_USAGE', { problem: `${JSON.stringify(value)} is not ${what}` });
}

/** 'host' and '' are this computer's own. */
function parseArchInput(value: unknown): string {
  const word = text(value, 'an architecture');
  if (word !== '' && word !== 'host') return parseArch(word);
  return archOfNode(process.arch) ?? parseArch(process.arch);
}

const domainInputTypes: Readonly<Record<string, InputType>> = {
  'image-spec': {
    summary: 'an image, such as debian-12 or ubuntu-jammy',
    text: true,
    // All spellings of an image are one value, so that they are one plan and one run to go on with.
    parse: (value) => formatImageSpec(parseImageSpec(text(value, 'an image'))),
    jsonSchema: { type: 'string' },
  },
  'machine-name': {
    summary: 'the name of a machine: letters, digits, - and ., at most 64',
    text: true,
    parse: (value) => parseMachineName(text(value, 'the name of a machine')),
    jsonSchema: { type: 'string', maxLength: 64 },
  },
  arch: {
    summary: `an architecture: ${archs.join(', ')}, or host`,
    text: true,
    parse: parseArchInput,
    jsonSchema: { enum: [...archs, 'host'] },
  },
};

/** `cwd`: where paths are given from. A run that is gone on with from another directory means the same file. */
export function inputTypesAt(cwd: string): InputTypes {
  const path: InputType = {
    summary: 'a path',
    text: true,
    parse: (value) => {
      const given = text(value, 'a path');
      if (given !== '' && !given.includes('\0')) return resolve(cwd, given);
      throw fail('MSP_USAGE', { problem: `${JSON.stringify(value)} is not a path` });
    },
    jsonSchema: { type: 'string', minLength: 1 },
  };
  return { ...genericInputTypes, ...domainInputTypes, path };
}

/** For what is absolute, or is not read. */
export const inputTypes: InputTypes = inputTypesAt('.');
