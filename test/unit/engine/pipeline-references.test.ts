import { describe, expect, it } from 'vitest';
import { faultsOf, parse, withSteps } from './support/front.ts';

const inputs = 'inputs: { suite: { type: string, summary: A suite } }\n';
const wall = '  - { id: wall, uses: paint, with: { thing: wall } }\n';

const before = '  - { id: b, uses: echo, with: { text: "${{ ';
/** Column of an expression's first letter. */
const begin = before.length + 1;

/** What is said about an expression in line 7. */
async function saidOf(expression: string): Promise<readonly string[]> {
  const faults = await faultsOf(withSteps(`${wall}${before}${expression} }}" } }\n`, inputs));
  return faults.map((fault) => fault.text);
}

const shown = (expression: string): string => `\${{ ${expression} }}`;

const unknown: readonly (readonly [string, number, string])[] = [
  ['inptus.suite', 0, "there is no 'inptus' (did you mean 'inputs'?)"],
  ['env.HOME', 0, "there is no 'env' (there are inputs, steps and run)"],
  ['Inputs.suite', 0, "there is no 'Inputs' (did you mean 'inputs'?)"],
  ['inputs.sute', 7, "there is no input 'sute' (did you mean 'suite'?)"],
  ['inputs.constructor', 7, "there is no input 'constructor' (there is suite)"],
  ["inputs['sute']", 7, "there is no input 'sute' (did you mean 'suite'?)"],
  ['inputs.__proto__', 7, "there is no input '__proto__' (there is suite)"],
  ['run.name', 4, "a run has no 'name' (there is run.id)"],
  ['steps.wal.outputs.thing', 6, "there is no step 'wal' (did you mean 'wall'?)"],
  ['steps.wall.output.thing', 11, "a step has no 'output' (did you mean 'outputs'?)"],
  ['steps.wall', 6, 'a step is no value (write steps.wall.outputs)'],
  ['steps.wall.outputs.thin', 19, "step 'wall' has no output 'thin' (did you mean 'thing'?)"],
  ['steps.wall.outputs.owner.nam', 25, "'owner' has no field 'nam' (did you mean 'name'?)"],
  ['steps.wall.outputs.parts[0].wight', 28, "'0' has no field 'wight' (did you mean 'weight'?)"],
  [
    'steps.wall.outputs.constructor',
    19,
    "step 'wall' has no output 'constructor' (there are thing, coats, owner, parts, notes)",
  ],
  ["inputs.suite == 'a' && steps.wal.outputs.thing == 'b'", 29, "there is no step 'wal' (did you mean 'wall'?)"],
  ["contain(inputs.suite, 'x')", 0, "there is no function 'contain' (did you mean 'contains'?)"],
  [
    'constructor(1)',
    0,
    "there is no function 'constructor' (there are contains, startsWith, endsWith, format, join, toJSON, fromJSON)",
  ],
];

describe('names in expressions', () => {
  it.each(unknown)('%s', async (expression, offset, said) => {
    expect(await saidOf(expression)).toEqual([`live.yaml:7:${begin + offset} ${shown(expression)}: ${said}`]);
  });

  it.each([
    ['1 +', "unexpected symbol: '+'", 2],
    ['', 'the expression is empty', -1],
    ["'open", "unexpected symbol: ''open '", 0],
    ['inputs.suite ==', "unexpected end of expression: '=='", 13],
    ['contains()', "too few parameters supplied: 'contains'", 0],
  ])('refuses %s', async (expression, said, offset) => {
    const [first] = await saidOf(expression);
    expect(first).toMatch(`live.yaml:7:${begin + offset} `);
    expect(first).toContain(said);
  });

  it('takes what is known, through every form of access', async () => {
    for (const good of [
      'inputs.suite',
      'run.id',
      'steps.wall.outputs.owner.name',
      "steps['wall'].outputs['thing']",
      'steps.wall.outputs.notes.anything',
      'toJSON(steps.wall.outputs.parts.*.weight)',
      'toJSON(steps.wall.outputs)',
      "fromJSON('[1]')[0] == 1 && 'a' || format('{0}', inputs.suite)",
    ]) {
      expect([good, await saidOf(good)]).toEqual([good, []]);
    }
  });

  it('finds the place in block texts and in bare conditions', async () => {
    const block = withSteps(
      '  - id: a\n    uses: echo\n    with:\n      text: |\n        one\n        two ${{ inputs.no }} three\n',
    );
    expect((await faultsOf(block)).map((fault) => fault.text)).toEqual([
      "live.yaml:10:24 ${{ inputs.no }}: there is no input 'no'",
    ]);
    const bare = withSteps("  - { id: a, uses: echo, with: { text: x }, if: inputs.no == 'x' }\n");
    expect((await faultsOf(bare)).map((fault) => fault.text)).toEqual([
      "live.yaml:5:56 ${{ inputs.no == 'x' }}: there is no input 'no'",
    ]);
    const two = withSteps("  - { id: a, uses: echo, with: { text: x }, if: '${{ run.id }} x' }\n");
    expect((await faultsOf(two)).map((fault) => fault.text)).toEqual([
      'live.yaml:5:49 if: takes one expression, and nothing beside it',
    ]);
    const open = withSteps("  - { id: a, uses: echo, with: { text: 'x ${{ run.id' } }\n");
    expect((await faultsOf(open)).map((fault) => fault.text)).toEqual([
      "live.yaml:5:43 ${{ run.id }}: '${{' without '}}'",
    ]);
  });

  it('names a cycle, and a step that needs itself', async () => {
    const step = (id: string, of: string): string =>
      `  - { id: ${id}, uses: echo, with: { text: "\${{ steps.${of}.outputs.text }}" } }\n`;
    const cycle = await faultsOf(withSteps(step('a', 'c') + step('b', 'a') + step('c', 'b') + step('d', 'a')));
    expect(cycle.map((fault) => fault.text)).toEqual(['live.yaml:5:11 these steps need each other: a -> c -> b -> a']);
    const self = await faultsOf(withSteps(step('a', 'a')));
    expect(self.map((fault) => fault.text)).toEqual(["live.yaml:5:11 step 'a' needs itself"]);
  });

  it('checks the type of what a name gives against what the place takes', async () => {
    const faults = await faultsOf(
      withSteps(`${wall}  - { id: b, uses: echo, with: { text: "\${{ steps.wall.outputs.coats }}" } }\n`),
    );
    expect(faults.map((fault) => fault.text)).toEqual([
      "live.yaml:6:41 ${{ steps.wall.outputs.coats }} gives a number, but 'text' takes a text",
    ]);
    expect(
      await faultsOf(
        withSteps(`${wall}  - { id: b, uses: echo, with: { text: "x\${{ steps.wall.outputs.coats }}" } }\n`),
      ),
    ).toEqual([]);
  });

  it('derives needs from references, conditions and what is written', async () => {
    const file = withSteps(
      '  - { id: d, uses: echo, needs: [a], if: "steps.b.outputs.text == \'x\'", with: { text: "${{ steps.c.outputs.text }}" } }\n' +
        ['a', 'b', 'c'].map((id) => `  - { id: ${id}, uses: echo, with: { text: x } }\n`).join(''),
    );
    expect((await parse(file)).steps[0]?.needs.toSorted()).toEqual(['a', 'b', 'c']);
  });
});
