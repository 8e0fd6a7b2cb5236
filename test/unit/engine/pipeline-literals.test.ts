import { describe, expect, it } from 'vitest';
import { faultsOf, parse, withSteps } from './support/front.ts';

const file = (fields: string): string =>
  withSteps(`  - { id: a, uses: paint, with: { ${fields} } }\n`, 'inputs: { any: { type: string, summary: Any } }\n');

const wrong: readonly (readonly [string, readonly string[]])[] = [
  ['colour: red', ["live.yaml:6:33 'with' of step 'a' has no 'thing'"]],
  ['thing: x, colour: gren', ["live.yaml:6:53 colour: 'gren' is not one of red, green, blue"]],
  ['thing: x, color: red', ["live.yaml:6:45 unknown key 'color' in 'with' of step 'a' (did you mean 'colour'?)"]],
  ['thinge: x', ["live.yaml:6:35 unknown key 'thinge' in 'with' of step 'a' (did you mean 'thing'?)"]],
  ['thing: x, coats: many', ["live.yaml:6:52 coats: 'many' is not a number"]],
  ['thing: x, coats: 1.5', ["live.yaml:6:52 coats: '1.5' is not a whole number"]],
  ['thing: x, coats: 12', ["live.yaml:6:52 coats: '12' is refused: too big: expected number to be <=9"]],
  ['thing: x, tags: [a, { b: 1 }]', ['live.yaml:6:55 tags.1: a map is not a text']],
  ['thing: x, owner: { name: y }', ["live.yaml:6:52 'owner' of step 'a' has no 'since'"]],
  ['thing: x, owner: { name: y, since: z, x: 1 }', ["live.yaml:6:73 unknown key 'x' in 'owner' of step 'a'"]],
  ['thing: x, size: [1]', ['live.yaml:6:51 size: a list is not a number or a text']],
  [
    'thing: x, colour: "a${{ inputs.any }}", coats: "x${{ inputs.any }}"',
    ["live.yaml:6:82 coats: 'x${{ inputs.any }}' is not a number"],
  ],
];

describe('values under with', () => {
  it.each(wrong)('%s', async (fields, said) => {
    expect((await faultsOf(file(fields))).map((fault) => fault.text)).toEqual(said);
  });

  it('leaves open what an expression will give', async () => {
    expect(
      await faultsOf(file('thing: "${{ inputs.any }}", colour: "${{ inputs.any }}", owner: "${{ inputs.any }}"')),
    ).toEqual([]);
    expect(
      await faultsOf(
        file('thing: x, owner: { name: "${{ inputs.any }}", since: null }, tags: "${{ fromJSON(inputs.any) }}"'),
      ),
    ).toEqual([]);
  });

  it('reads a text as it stands in the file, where the schema wants a text', async () => {
    const written =
      'thing: 22.10, coats: 3, tags: [1.0, true, 0x10, "2"], owner: { name: 1e3, since: null }, size: 22.10';
    expect((await parse(file(written))).steps[0]?.with).toEqual({
      thing: '22.10',
      coats: 3,
      tags: ['1.0', 'true', '0x10', '2'],
      owner: { name: '1e3', since: null },
      size: 22.1,
    });
  });

  it('takes an alias for what it stands for', async () => {
    const twice = withSteps(
      '  - { id: a, uses: echo, with: &same { text: x } }\n  - { id: b, uses: echo, with: *same }\n',
    );
    expect((await parse(twice)).steps.map((step) => step.with)).toEqual([{ text: 'x' }, { text: 'x' }]);
  });
});
