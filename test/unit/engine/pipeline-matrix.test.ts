import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/engine/plan.ts';
import { decodePlan, encodePlan, planDigest } from '../../../src/engine/plan-codec.ts';
import { makePlan } from '../../../src/engine/plan.ts';
import { faultsOf, parse, plan, testRegistry, withSteps } from './support/front.ts';

const steps = `  - { id: first, uses: echo, matrix: false, with: { text: start } }
  - { id: build, uses: echo, with: { text: "\${{ matrix.image }} \${{ steps.first.outputs.text }}" } }
  - { id: pack, uses: echo, with: { text: "\${{ steps.build.outputs.text }}" } }
  - { id: all, uses: echo, matrix: false, with: { text: "\${{ join(steps.pack.outputs.*.text) }}" } }
`;
const matrix =
  'matrix: { image: [a, b], arch: [x, y], exclude: [{ image: a, arch: y }], max-parallel: 2, fail-fast: false }\n';

async function faultTexts(text: string): Promise<readonly string[]> {
  return (await faultsOf(text)).map(
    (fault) => `${fault.line}:${fault.column} ${fault.message}${fault.hint === null ? '' : ` (${fault.hint})`}`,
  );
}

describe('a plan of a pipeline with a matrix', () => {
  it('has the steps of every cell, and those that run once', async () => {
    const made = await plan(withSteps(steps, matrix));
    expect(made.matrix).toMatchObject({ maxParallel: 2, failFast: false });
    expect(made.steps.map(({ id }) => id)).toEqual([
      'first',
      ...['a+x', 'b+x', 'b+y'].flatMap((cell) => [`build@${cell}`, `pack@${cell}`]),
      'all',
    ]);
    expect(made.steps.find(({ id }) => id === 'pack@b+x')).toMatchObject({ cell: 'b+x', needs: ['build@b+x'] });
    expect(made.steps.find(({ id }) => id === 'build@b+x')?.needs).toEqual(['first']);
    expect(made.steps.at(-1)?.needs).toEqual(['pack@a+x', 'pack@b+x', 'pack@b+y']);
    expect(decodePlan(encodePlan(made), 'r')).toEqual(made);
  });

  it('takes axes from inputs, and values as they are written', async () => {
    const text = withSteps(
      '  - { id: build, uses: echo, with: { text: "${{ matrix.version }} ${{ matrix.image }}" } }\n',
      'inputs: { images: { type: list, default: [a], summary: Images } }\nmatrix: { image: "${{ inputs.images }}", version: [22.10, 1.0, 12] }\n',
    );
    const cells = (made: Plan) => made.matrix?.cells.map(({ values }) => values['version']);
    expect(cells(await plan(text))).toEqual(['22.10', '1.0', 12]);
    expect((await plan(text, { images: 'p,q' })).matrix?.cells).toHaveLength(6);
    await expect(plan(text, { images: '' })).rejects.toMatchObject({ code: 'MSP_MATRIX_INVALID' });
  });

  it('checks what a cell gives a step before anything runs', async () => {
    const text = withSteps(
      '  - { id: a, uses: paint, with: { thing: x, colour: "${{ matrix.colour }}" } }\n',
      'matrix: { colour: [red, pink] }\n',
    );
    await expect(plan(text)).rejects.toMatchObject({
      code: 'MSP_STEP_INPUT_INVALID',
      message: expect.stringContaining('a@pink'),
    });
  });

  it('is narrowed to the cells that are chosen', async () => {
    const pipeline = await parse(withSteps(steps, matrix));
    const narrow = (cells: Record<string, string[]>) => makePlan(pipeline, {}, testRegistry(), { cells });
    const chosen = async (cells: Record<string, string[]>) => (await narrow(cells)).matrix?.cells.map(({ id }) => id);
    expect(await chosen({ image: ['b'] })).toEqual(['b+x', 'b+y']);
    expect(await chosen({ image: ['a', 'b'], arch: ['x'] })).toEqual(['a+x', 'b+x']);
    for (const cells of [{ imag: ['a'] }, { image: ['c'] }, { image: ['a'], arch: ['y'] }])
      await expect(narrow(cells as Record<string, string[]>)).rejects.toMatchObject({ code: 'MSP_SELECTION_INVALID' });
    const plain = await parse(withSteps('  - { id: a, uses: echo, with: { text: x } }\n'));
    await expect(makePlan(plain, {}, testRegistry(), { cells: { image: ['a'] } })).rejects.toMatchObject({
      code: 'MSP_SELECTION_INVALID',
    });
  });

  it('has no cell left when all are excluded', async () => {
    const text = withSteps(
      '  - { id: a, uses: echo, with: { text: x } }\n',
      'matrix: { x: [1], exclude: [{ x: 1 }] }\n',
    );
    await expect(plan(text)).rejects.toMatchObject({ code: 'MSP_MATRIX_INVALID' });
  });

  it('is the same whatever comments and summaries say, and another when a value changes', async () => {
    const digest = async (text: string) => planDigest(await plan(text));
    const text = withSteps(steps, matrix);
    expect(await digest(`# a comment\n${text.replace('Paint things', 'Something else')}`)).toBe(await digest(text));
    expect(await digest(text.replace('[x, y]', '[x, z]'))).not.toBe(await digest(text));
  });

  it('is stored by runs of before without a matrix', async () => {
    const { createHash } = await import('node:crypto');
    const { canonicalJson } = await import('../../../src/engine/key.ts');
    const made = await plan(withSteps('  - { id: a, uses: echo, with: { text: x } }\n'));
    const { matrix: _m, secrets: _s, steps: own, ...rest } = made;
    const before = { ...rest, steps: own.map(({ cell: _c, ...step }) => step) };
    const body = canonicalJson(before);
    const sum = createHash('sha256').update(body).digest('hex');
    expect(planDigest(decodePlan(`{"checksum":"${sum}","plan":${body}}\n`, 'r'))).toBe(planDigest(made));
  });
});

describe('faults of a matrix', () => {
  const one = (more: string, step = 'with: { text: x }') => withSteps(`  - { id: a, uses: echo, ${step} }\n`, more);

  it.each([
    ['matrix: { x: 1 }\n', "4:14 x: '1' is not a list of values (write x: [a, b])"],
    ['matrix: { x: [] }\n', '4:14 x: the list is empty'],
    ['matrix: {}\n', '4:9 the matrix has no axis (such as arch: [amd64, arm64])'],
    ['matrix: { max-parallel: 2 }\n', '4:9 the matrix has no axis (such as arch: [amd64, arm64])'],
    ['matrix: [a]\n', '4:9 matrix: a list is not a map of names and values'],
    ['matrix: { x: [1], exclude: [{ y: 1 }] }\n', "4:31 exclude: there is no axis 'y'"],
    ['matrix: { arch: [1], exclude: [{ arhc: 1 }] }\n', "4:34 exclude: there is no axis 'arhc' (did you mean 'arch'?)"],
    ['matrix: { x: [1], include: { y: 1 } }\n', '4:28 include: a map is not a list of maps'],
    ['matrix: { x: [1], include: [y] }\n', "4:29 include: 'y' is not a map of axes and values"],
    ['matrix: { x: [1], max-parallel: 0 }\n', "4:33 max-parallel: '0' is not a whole number from 1 to 10000"],
    ['matrix: { x: [1], fail-fast: often }\n', "4:30 fail-fast: 'often' is neither true nor false"],
    ['matrix: { x y: [1] }\n', "4:11 'x y' cannot be the name of an axis (such as image, or arch)"],
    ['matrix: { x: ["${{ steps.a.outputs.text }}"] }\n', '4:20 steps: a matrix knows only the inputs'],
    ['matrix: { x: ["${{ matrix.y }}"] }\n', '4:20 matrix: a matrix knows only the inputs'],
    ['matrix: { x: ["${{ inputs.y }}"] }\n', "4:27 ${{ inputs.y }}: there is no input 'y'"],
  ])('%s', async (text, fault) => {
    expect(await faultTexts(one(text))).toEqual([fault]);
  });

  it('are found where a step uses it', async () => {
    expect(await faultTexts(one('', 'with: { text: "${{ matrix.x }}" }'))).toEqual([
      '5:45 ${{ matrix.x }}: there is no matrix here',
    ]);
    expect(await faultTexts(one('matrix: { image: [1] }\n', 'with: { text: "${{ matrix.imgae }}" }'))).toEqual([
      "6:52 ${{ matrix.imgae }}: the matrix has no 'imgae' (did you mean 'image'?)",
    ]);
    expect(await faultTexts(one('', 'matrix: false, with: { text: x }'))).toEqual(['5:26 the pipeline has no matrix']);
    expect(await faultTexts(one('matrix: { x: [1] }\n', 'matrix: false, with: { text: "${{ matrix.x }}" }'))).toEqual([
      '6:60 ${{ matrix.x }}: there is no matrix here',
    ]);
  });
});
