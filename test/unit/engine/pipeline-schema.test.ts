import { expect, it } from 'vitest';
import { z } from 'zod';
import { pipelineSchema } from '../../../src/engine/pipeline-schema.ts';
import { testInputTypes, testRegistry } from './support/front.ts';

interface Schema {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly $defs: Readonly<Record<string, Schema & Readonly<Record<string, unknown>>>>;
}

const made = pipelineSchema(testRegistry(), testInputTypes) as unknown as Promise<Schema>;

it('offers the step types, each with its own fields', async () => {
  const { step } = (await made).$defs;
  expect(step?.properties['uses']).toEqual({
    oneOf: [
      { const: 'echo', description: 'Give a text back' },
      { const: 'paint', description: 'Paint a thing' },
    ],
  });
  const choices = step?.['allOf'] as readonly { readonly if: unknown; readonly then: unknown }[];
  expect(choices.map((choice) => [choice.if, choice.then])).toEqual(
    ['echo', 'paint'].map((id) => [
      { properties: { uses: { const: id } }, required: ['uses'] },
      { properties: { with: { $ref: `#/$defs/with%20${id}` } }, required: ['with'] },
    ]),
  );
});

it('knows the keys of a pipeline, and no others', async () => {
  const schema = await made;
  expect(Object.keys(schema.properties)).toEqual([
    ...['format', 'id', 'summary', 'inputs', 'plugins', 'matrix', 'steps', 'outputs'],
  ]);
  expect((schema as unknown as { additionalProperties: unknown }).additionalProperties).toBe(false);
});

it('takes an expression wherever a value may stand, and refuses what the step would refuse', async () => {
  const { $defs } = await made;
  const paint = JSON.parse(
    JSON.stringify({ ...$defs['with paint'], $defs: { expression: $defs['expression'] } }),
  ) as z.core.JSONSchema.JSONSchema;
  const schema = z.fromJSONSchema(paint);
  const open = '${{ inputs.x }}';
  const accepted = [
    { thing: 'x' },
    { thing: open, colour: open, coats: open, tags: open, owner: open, size: open },
    { thing: 22.1, colour: 'green', coats: 3, tags: ['a', open, 1], owner: { name: open, since: open } },
    { thing: 'x', owner: { name: 'y', since: null }, size: 1.5 },
  ];
  const refused = [
    {},
    { thing: 'x', colour: 'pink' },
    { thing: 'x', coats: 'three' },
    { thing: 'x', more: 1 },
    { thing: 'x', tags: [{}] },
    { thing: 'x', owner: { name: 'y' } },
  ];
  for (const value of accepted) expect([value, schema.safeParse(value).success]).toEqual([value, true]);
  for (const value of refused) expect([value, schema.safeParse(value).success]).toEqual([value, false]);
});

it('says what each input type is', async () => {
  const { oneOf: types } = ((await made).$defs['input'] as Schema).properties['type'] as {
    oneOf: { const: string; description: string }[];
  };
  expect(types.map((type) => type.const)).toEqual(Object.keys(testInputTypes));
  expect(types.every((type) => type.description !== '')).toBe(true);
});
