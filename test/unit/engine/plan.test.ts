import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePlan, encodePlan, planDigest } from '../../../src/engine/plan-codec.ts';
import { canonicalJson } from '../../../src/engine/key.ts';
import { createHash } from 'node:crypto';
import { orderSteps } from '../../../src/engine/step-order.ts';
import { plan, withSteps } from './support/front.ts';

const inputs = `inputs:
  thing: { type: string, summary: What }
  colour: { type: choice, options: [red, green], default: red, summary: Colour }
  coats: { type: number, required: false, summary: Coats }
  wait: { type: duration, default: 1h30m, summary: Time }
  room: { type: size, default: 2G, summary: Room }
  words: { type: list, default: [1.0, b], summary: Words }
  version: { type: string, default: 22.10, summary: Version }
  dry: { type: boolean, default: false, summary: Dry }
`;
const steps = `  - { id: last, uses: echo, with: { text: "\${{ steps.first.outputs.thing }}" }, timeout: 10m, cache: false, always: true, if: inputs.dry }
  - { id: first, uses: paint, summary: Paint it, with: { thing: "\${{ inputs.thing }}", colour: "\${{ inputs.colour }}" }, retry: { attempts: 3, on: MSP_NETWORK, delay: 5s } }
`;
const file = withSteps(steps, `${inputs}outputs: { thing: "\${{ steps.first.outputs.thing }}" }\n`);

describe('makePlan', () => {
  it('fixes inputs, needs and order', async () => {
    const made = await plan(file, { thing: 'wall', coats: '2' });
    expect(made.inputs).toEqual({
      thing: 'wall',
      colour: 'red',
      coats: 2,
      wait: 5_400_000,
      room: 2_147_483_648,
      words: ['1.0', 'b'],
      version: '22.10',
      dry: false,
    });
    expect(made.steps).toEqual([
      {
        id: 'first',
        uses: 'paint',
        summary: 'Paint it',
        with: { thing: '${{ inputs.thing }}', colour: '${{ inputs.colour }}' },
        needs: [],
        if: null,
        retry: { attempts: 3, on: ['MSP_NETWORK'], delayMs: 5000 },
        timeoutMs: null,
        cache: true,
        always: false,
        cell: null,
        line: 16,
      },
      {
        id: 'last',
        uses: 'echo',
        summary: 'Give a text back',
        with: { text: '${{ steps.first.outputs.thing }}' },
        needs: ['first'],
        if: '${{ inputs.dry }}',
        retry: null,
        timeoutMs: 600_000,
        cache: false,
        always: true,
        cell: null,
        line: 15,
      },
    ]);
    expect(made.outputs).toEqual({ thing: '${{ steps.first.outputs.thing }}' });
    expect(Object.isFrozen(made) && Object.isFrozen(made.steps[0]?.with)).toBe(true);
  });

  it.each([
    [{}, 'thing', 'it has to be given: a text'],
    [{ thing: 'x', thign: 'y' }, 'thign', "there is no such input; did you mean 'thing'?"],
    [{ thing: 'x', colour: 'blue' }, 'colour', "'blue' is not one of red, green"],
    [{ thing: 'x', coats: 'two' }, 'coats', "'two' is not a number"],
    [{ thing: 'x', wait: '10 minutes' }, 'wait', "'10 minutes' is not a duration (write 10m)"],
    [{ thing: 'x', room: 'much' }, 'room', "'much' is not a size (write 500K, 5M or 1.5G (powers of 1024))"],
    [{ thing: 'x', dry: 'maybe' }, 'dry', "'maybe' is not true or false"],
    [{ thing: 3 }, 'thing', '3 is not a text'],
    [
      JSON.parse('{"thing": "x", "__proto__": "y"}') as Record<string, unknown>,
      '__proto__',
      'there is no such input; there are thing, colour, coats, wait, room, words, version, dry',
    ],
  ])('refuses inputs %j', async (given, input, problem) => {
    await expect(plan(file, given)).rejects.toMatchObject({ code: 'MSP_INPUT_INVALID', data: { input, problem } });
  });

  it('asks the steps about the inputs before anything runs', async () => {
    const loose = withSteps(
      '  - { id: a, uses: paint, with: { thing: x, colour: "${{ inputs.c }}" } }\n',
      'inputs: { c: { type: string, summary: C } }\n',
    );
    await expect(plan(loose, { c: 'pink' })).rejects.toMatchObject({
      code: 'MSP_STEP_INPUT_INVALID',
      data: { step: 'a', problem: "colour: 'pink' is not one of red, green, blue" },
    });
  });
});

describe('stored plan', () => {
  it('comes back as it was, frozen', async () => {
    const made = await plan(file, { thing: 'wall' });
    const back = decodePlan(encodePlan(made), 'r');
    expect(back).toEqual(made);
    expect(Object.isFrozen(back.steps[0]?.with)).toBe(true);
  });

  it('says when it is damaged, whatever byte was hit', async () => {
    const text = encodePlan(await plan(file, { thing: 'wall' }));
    fc.assert(
      fc.property(fc.nat(text.length - 2), fc.constantFrom('0', 'x', '"', '}'), (at, letter) => {
        if (text[at] === letter) return;
        const damaged = text.slice(0, at) + letter + text.slice(at + 1);
        expect(() => decodePlan(damaged, 'r')).toThrow(expect.objectContaining({ code: 'MSP_PLAN_CORRUPT' }));
      }),
    );
    for (const cut of ['', '{', 'null', '[]', '{"plan":{}}', text.slice(0, -3)]) {
      expect(() => decodePlan(cut, 'r')).toThrow(expect.objectContaining({ code: 'MSP_PLAN_CORRUPT' }));
    }
  });

  it('knows a plan of a newer version, and one that is whole but not ours', () => {
    const store = (body: unknown): string =>
      JSON.stringify({ checksum: createHash('sha256').update(canonicalJson(body)).digest('hex'), plan: body });
    expect(() => decodePlan(store({ format: 2 }), 'r')).toThrow(
      expect.objectContaining({ code: 'MSP_RUN_FROM_FUTURE' }),
    );
    expect(() => decodePlan(store({ format: 1 }), 'r')).toThrow(expect.objectContaining({ code: 'MSP_PLAN_CORRUPT' }));
  });

  it('has a digest that only meaning changes', async () => {
    const digest = planDigest(await plan(file, { thing: 'wall' }));
    const commented = `# a comment\n\n${file.replace('summary: Paint it', 'summary: Paint it well')}`;
    expect(planDigest(await plan(commented, { thing: 'wall' }))).toBe(digest);
    expect(planDigest(await plan(file, { thing: 'floor' }))).not.toBe(digest);
    expect(planDigest(await plan(file.replace('attempts: 3', 'attempts: 4'), { thing: 'wall' }))).not.toBe(digest);
    expect(planDigest(await plan(file.replace('id: demo', 'id: other'), { thing: 'wall' }))).not.toBe(digest);
  });
});

describe('order of steps', () => {
  it('puts every step after its needs, and otherwise leaves the file in its order', () => {
    const ids = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(ids, fc.infiniteStream(fc.nat()), (count, numbers) => {
        const next = (): number => numbers.next().value ?? 0;
        const shuffled = Array.from({ length: count }, (_, index) => ({ index, weight: next() })).toSorted(
          (a, b) => a.weight - b.weight,
        );
        const nodes = shuffled.map(({ index }) => ({
          id: `s${index}`,
          needs: index === 0 ? [] : Array.from({ length: next() % 3 }, () => `s${next() % index}`),
        }));
        const order = orderSteps(nodes);
        expect(order.kind).toBe('order');
        const place = new Map(order.ids.map((id, at) => [id, at]));
        expect(place.size).toBe(count);
        for (const { id, needs } of nodes)
          for (const need of needs) expect(place.get(need)).toBeLessThan(place.get(id) ?? -1);
      }),
    );
    const free = Array.from({ length: 20 }, (_, index) => ({ id: `s${index}`, needs: [] }));
    expect(orderSteps(free).ids).toEqual(free.map((node) => node.id));
  });

  it('finds a cycle behind steps that are not in it', () => {
    const nodes = [
      { id: 'a', needs: ['b'] },
      { id: 'b', needs: ['c'] },
      { id: 'c', needs: ['d'] },
      { id: 'd', needs: ['b'] },
    ];
    expect(orderSteps(nodes)).toEqual({ kind: 'cycle', ids: ['b', 'c', 'd', 'b'] });
  });

  it('grows with its size, not with the square of it', async () => {
    let reads = 0;
    const countReads = (count: number): number => {
      reads = 0;
      const nodes = Array.from({ length: count }, (_, index) => ({
        id: `s${index}`,
        get needs() {
          reads += 1;
          return index === 0 ? [] : [`s${index - 1}`];
        },
      }));
      expect(orderSteps(nodes).ids).toHaveLength(count);
      return reads;
    };
    expect(countReads(5000)).toBe(10 * countReads(500));
    const many = withSteps(
      Array.from(
        { length: 5000 },
        (_, index) =>
          `  - { id: s${index}, uses: echo, with: { text: "\${{ ${index === 0 ? 'run.id' : `steps.s${index - 1}.outputs.text`} }}" } }\n`,
      ).join(''),
    );
    expect((await plan(many)).steps).toHaveLength(5000);
  });
});
