/** A pipeline that was read before, as JSON: its text need not be read and checked again. */
import type { InputTypes } from './input-types.ts';
import { typeOfInput } from './pipeline-inputs.ts';
import type { Pipeline, PipelineInput } from './pipeline.ts';

export interface EncodedPipeline extends Omit<Pipeline, 'inputs'> {
  readonly inputs: readonly Omit<PipelineInput, 'type'>[];
}

/** What JSON.stringify makes of it can be decoded: an absent default stays absent. */
export function encodePipeline({ inputs, ...rest }: Pipeline): EncodedPipeline {
  return { ...rest, inputs: inputs.map(({ type: _type, ...input }) => input) };
}

/** Null when it has an input of a type that is not there any more. */
export function decodePipeline(encoded: EncodedPipeline, types: InputTypes): Pipeline | null {
  const inputs: PipelineInput[] = [];
  for (const input of encoded.inputs) {
    const type = typeOfInput(input.typeName, input.options, types);
    if (type === null) return null;
    inputs.push({ ...input, default: input.default, type });
  }
  return { ...encoded, inputs };
}
