import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { faultsOf, plan, withSteps } from './support/front.ts';

const good = `# A file with something of everything
${withSteps(
  `  - id: first
    uses: paint
    with: &w { thing: "\${{ inputs.thing }}", colour: red, coats: 2, tags: [a, 1.0], owner: { name: x, since: null } }
    retry: { attempts: 3, on: [MSP_NETWORK], delay: 5s }
    timeout: 1h30m
  - { id: second, uses: paint, with: *w, needs: first, if: "inputs.thing != 'x' && contains(steps.first.outputs.thing, 'y')" }
  - id: third
    uses: echo
    always: true
    cache: false
    with:
      text: |
        one \${{ join(steps.first.outputs.parts.*.weight, '-') }}
        two \${{ steps.second.outputs.owner.name }}
`,
  'inputs:\n  thing: { type: string, summary: What, default: wall }\n  kind: { type: choice, options: [a, b], summary: Kind, required: false }\nplugins: []\noutputs: { all: "${{ toJSON(steps.third.outputs) }}" }\n',
)}`;

const pieces = [
  '',
  ' ',
  '\n',
  '\t',
  ':',
  '-',
  '{',
  '}',
  '[',
  ']',
  '&w',
  '*w',
  '${{',
  '}}',
  "'",
  '"',
  '|',
  '>',
  '#',
  '? ',
  '!!',
  '---\n',
  '<<: *w',
  'null',
  '22.10',
  '.inf',
  '__proto__',
  'constructor',
  '\u0000',
  '\uFEFF',
  '\uD800',
  '%',
  '@',
  ',',
  'steps',
  'inputs.',
  'id: first',
];

type Edit = readonly [number, number, string];

function apply(text: string, edits: readonly Edit[]): string {
  return edits.reduce((now, [at, cut, piece]) => {
    const start = at % (now.length + 1);
    return now.slice(0, start) + piece + now.slice(start + cut);
  }, text);
}

it('takes the file that the others are made from', async () => {
  expect(await faultsOf(good)).toEqual([]);
  expect((await plan(good)).steps.map((step) => step.id)).toEqual(['first', 'second', 'third']);
});

it('answers every changed file with a pipeline or with faults that have a place in it', async () => {
  const edit = fc.tuple(fc.nat(), fc.oneof(fc.constant(0), fc.nat(3), fc.nat(60)), fc.constantFrom(...pieces));
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
      const text = apply(good, edits);
      const lines = text.split('\n');
      const faults = await faultsOf(text);
      if (faults.length > 0) refused += 1;
      for (const { line, column, endColumn, text: said } of faults) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(lines.length);
        expect(column).toBeGreaterThanOrEqual(1);
        expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 2);
        expect(endColumn).toBeGreaterThan(column);
        expect(said).toMatch(/^live\.yaml:\d+:\d+ \S/u);
      }
    }),
    { numRuns: 400 },
  );
  expect(refused).toBeGreaterThan(100);
});

it('answers any text at all', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 80 }), async (text) => {
      expect((await faultsOf(text)).length).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
});
