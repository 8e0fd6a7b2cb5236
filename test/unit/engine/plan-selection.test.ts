import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePart, stepsNamed, withDependants, type StepChoice } from '../../../src/engine/plan-selection.ts';
import type { Plan } from '../../../src/engine/plan.ts';
import { plan, withSteps } from './support/front.ts';
import { planOf, plannedStep } from './support/world.ts';

const file = withSteps(
  `  - { id: a, uses: echo, with: { text: x } }
  - { id: b, uses: echo, with: { text: "\${{ steps.a.outputs.text }}" } }
  - { id: c, uses: echo, with: { text: "\${{ steps.b.outputs.text }}" } }
  - { id: tidy, uses: echo, needs: [b], with: { text: t } }
  - { id: d, uses: echo, needs: [tidy], with: { text: d } }
`,
  'outputs: { b: "${{ steps.b.outputs.text }}", c: "${{ steps.c.outputs.text }}" }\n',
);

const ids = ({ steps }: Plan): readonly string[] => steps.map(({ id }) => id);
const chosen = async (choice: StepChoice): Promise<Plan> => choosePart(await plan(file), choice);

describe('a part of a plan', () => {
  it('is all of it where nothing is chosen', async () => {
    const whole = await plan(file);
    expect(await choosePart(whole, {})).toBe(whole);
  });

  it('only some steps, with what they need and what they can give', async () => {
    const part = await chosen({ only: ['b'] });
    expect(ids(part)).toEqual(['a', 'b']);
    expect(Object.keys(part.outputs)).toEqual(['b']);
  });

  it('without what comes after a step', async () => {
    expect(ids(await chosen({ until: 'b' }))).toEqual(['a', 'b']);
    expect(ids(await chosen({ until: 'c' }))).toEqual(['a', 'b', 'c', 'tidy', 'd']);
  });

  it('without a step: what came before it still comes before what came after it', async () => {
    const part = await chosen({ skip: ['tidy'] });
    expect(ids(part)).toEqual(['a', 'b', 'c', 'd']);
    expect(part.steps.find(({ id }) => id === 'd')?.needs).toEqual(['b']);
  });

  it.each<[string, StepChoice, string]>([
    ['a name that is none', { only: ['e'] }, "it has no step 'e'"],
    ['a step that another one uses', { skip: ['b'] }, "step 'c' uses what 'b' gives"],
    ['all of them', { skip: ['a', 'b', 'c', 'd', 'tidy'] }, 'no step is left'],
  ])('cannot be without %s', async (_name, choice, problem) => {
    await expect(chosen(choice)).rejects.toMatchObject({
      code: 'MSP_SELECTION_INVALID',
      message: expect.stringContaining(problem),
    });
  });

  it('in a matrix: a step in all cells, or in one', async () => {
    const text = withSteps(
      `  - { id: a, uses: echo, with: { text: "x\${{ matrix.n }}" } }
  - { id: b, uses: echo, with: { text: "\${{ steps.a.outputs.text }}" } }
  - { id: all, uses: echo, matrix: false, with: { text: "\${{ join(steps.b.outputs.*.text) }}" } }
`,
      'matrix: { n: [1, 2] }\n',
    );
    const whole = await plan(text);
    expect(ids(await choosePart(whole, { only: ['a'] }))).toEqual(['a@1', 'a@2']);
    const one = await choosePart(whole, { only: ['b@2'] });
    expect(ids(one)).toEqual(['a@2', 'b@2']);
    expect(one.matrix?.cells.map(({ id }) => id)).toEqual(['2']);
    expect(ids(await choosePart(whole, { skip: ['b@1'] }))).toEqual(['a@1', 'a@2', 'b@2', 'all']);
    expect([...withDependants(whole, ['b@1'])]).toEqual(['b@1', 'all']);
    expect(stepsNamed(whole, 'b')).toEqual(['b@1', 'b@2']);
  });
});

/** Steps that need some of those before them, without using what they give. */
const shapes = fc.array(fc.array(fc.nat(9), { maxLength: 3 }), { minLength: 1, maxLength: 10 });
const graph = (needs: readonly (readonly number[])[]): Plan =>
  planOf(
    needs.map((some, index) => {
      const before = [...new Set(some.filter((need) => need < index))].map((need) => `s${need}`);
      return plannedStep(`s${index}`, 'mix', before, { parts: [] });
    }),
  );

/** Every step that comes before another one, directly or not. */
function pairs({ steps }: Plan): ReadonlySet<string> {
  const before = new Map<string, Set<string>>();
  for (const { id, needs } of steps) {
    before.set(id, new Set(needs.flatMap((need) => [need, ...(before.get(need) ?? [])])));
  }
  return new Set([...before].flatMap(([id, all]) => [...all].map((one) => `${one} ${id}`)));
}

describe('any part of any plan', () => {
  it('has every step that one of its steps needs, in an order that was there before, and loses no order', async () => {
    await fc.assert(
      fc.asyncProperty(
        shapes,
        fc.array(fc.nat(9), { maxLength: 3 }),
        fc.array(fc.nat(9), { maxLength: 3 }),
        async (needs, only, skip) => {
          const whole = graph(needs);
          const named = (some: readonly number[]): readonly string[] =>
            some.filter((index) => index < needs.length).map((index) => `s${index}`);
          const left = ids(whole).filter((id) => !named(skip).includes(id));
          fc.pre(left.length > 0);
          const part = await choosePart(whole, { skip: named(skip) });
          expect(ids(part)).toEqual(left);
          const kept = [...pairs(whole)].filter((pair) => pair.split(' ').every((id) => left.includes(id)));
          expect([...pairs(part)].toSorted()).toEqual(kept.toSorted());
          if (named(only).length === 0) return;
          const few = await choosePart(whole, { only: named(only) });
          const wanted = ids(whole).filter(
            (id) => named(only).includes(id) || named(only).some((one) => pairs(whole).has(`${id} ${one}`)),
          );
          expect(ids(few)).toEqual(wanted);
        },
      ),
    );
  });
});
