import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  evaluate,
  evaluateCondition,
  evaluateValue,
  parseTemplate,
  references,
} from '../../../src/engine/expression.ts';
import type { ExpressionContext } from '../../../src/engine/expression.ts';
import type { Json } from '../../../src/engine/step.ts';

const context: ExpressionContext = {
  inputs: { suite: 'bookworm', count: 3, on: true, off: false, none: null, list: ['a', 'b'], empty: '' },
  steps: {
    a: { outputs: { text: 'hello', Text: 'HELLO', n: 1.5, inner: { constructor: 'own' }, rows: [{ w: 1 }, { w: 2 }] } },
    left: { outputs: null },
  },
  run: { id: 'r-1' },
  matrix: null,
};

const value = (text: string): Promise<Json> => evaluateValue(text, context);

describe('expressions', () => {
  it.each([
    ['${{ inputs.count }}', 3],
    ['${{inputs.list}}', ['a', 'b']],
    ['n=${{ inputs.count }}, ${{ inputs.on }}${{ inputs.none }}.', 'n=3, true.'],
    ['no expression', 'no expression'],
    ['', ''],
    ['${{ steps.a.outputs.inner }}', { constructor: 'own' }],
    ['${{ steps.a.outputs.inner.constructor }}', 'own'],
    ["${{ steps.a.outputs['inner'].constructor }}", 'own'],
    ['${{ steps.a.outputs.Text }}', 'HELLO'],
    ["${{ steps['a'].outputs.Text }}", 'HELLO'],
    ['${{ steps.left.outputs.anything }}', null],
    ["${{ steps.left.outputs.anything || 'instead' }}", 'instead'],
    ['${{ steps.a.outputs.rows.*.w }}', [1, 2]],
    ['${{ steps.a.outputs.rows[1].w }}', 2],
    ['${{ steps.a.outputs.rows[9] }}', null],
    ["${{ inputs.suite == 'BOOKWORM' }}", true],
    ['${{ inputs.count > 2 && !inputs.off }}', true],
    ["${{ contains(inputs.list, 'a') }}", true],
    ["${{ contains('machine', 'chin') }}", true],
    ["${{ startsWith(inputs.suite, 'book') && endsWith(inputs.suite, 'worm') }}", true],
    ["${{ format('{0}-{1}', inputs.suite, inputs.count) }}", 'bookworm-3'],
    ["${{ join(inputs.list, '+') }}", 'a+b'],
    ['${{ fromJSON(\'{"__proto__": 1, "x": [true]}\') }}', JSON.parse('{"__proto__": 1, "x": [true]}')],
    ['${{ fromJSON(toJSON(steps.a.outputs)).inner.constructor }}', 'own'],
    ["${{ 'it''s a ''word''' }}", "it's a 'word'"],
    ["${{ '}}' }}", '}}'],
    ["${{ '${{' }} x }}", '${{ x }}'],
  ])('%s', async (text, expected) => {
    expect(await value(text)).toEqual(expected);
  });

  it('replaces inside lists and maps', async () => {
    expect(await evaluateValue({ a: ['${{ inputs.count }}', 1], b: { c: 'x${{ inputs.on }}' } }, context)).toEqual({
      a: [3, 1],
      b: { c: 'xtrue' },
    });
  });

  it.each([
    ['${{ steps.a.outputs.nothere }}', "there is no 'nothere'"],
    ["${{ steps.a.outputs.nothere || 'x' }}", "there is no 'nothere'"],
    ['${{ inputs.toString }}', "there is no 'toString'"],
    ['${{ inputs.__proto__ }}', "there is no '__proto__'"],
    ['x${{ inputs.list }}', 'a list cannot be put into a text; use toJSON() or join()'],
    ['x${{ steps.a.outputs.inner }}', 'an object cannot be put into a text; use toJSON() or join()'],
    ["${{ fromJSON('{') }}", 'fromJSON got a text that is not JSON: {'],
    ['${{ Infinity }}', 'it gives Infinity, which is not a value'],
    ["${{ format('{9}', 'a') }}", 'The following format string references more arguments than were supplied: {9}'],
    ['${{ oops( }}', "unexpected end of expression: '('"],
    ['${{ inputs.suite', "'${{' without '}}'"],
  ])('fails with MSP_EXPRESSION_FAILED: %s', async (text, problem) => {
    await expect(value(text)).rejects.toMatchObject({ code: 'MSP_EXPRESSION_FAILED', data: { problem } });
  });

  it('knows true from false as conditions do', async () => {
    const truths = ['inputs.count', 'inputs.on', "'x'", 'inputs.list', "fromJSON('{}')"];
    const lies = ['inputs.off', 'inputs.none', 'inputs.empty', '0', 'steps.left.outputs.x'];
    for (const text of truths)
      expect([text, await evaluateCondition(`\${{ ${text} }}`, context)]).toEqual([text, true]);
    for (const text of lies) expect([text, await evaluateCondition(`\${{ ${text} }}`, context)]).toEqual([text, false]);
  });

  it('lists the names with their places', async () => {
    const text = "x ${{ inputs.suite }} ${{ contains(steps.a.outputs['rows'][inputs.count], run.id) }}";
    const found = references(await parseTemplate(text));
    expect(found.map(({ root, path, open }) => [root, path.join('.'), open])).toEqual([
      ['inputs', 'suite', false],
      ['inputs', 'count', false],
      ['steps', 'a.outputs.rows', true],
      ['run', 'id', false],
    ]);
    for (const { segments } of found) {
      for (const { name, start, end } of segments) expect(text.slice(start, end).replaceAll("'", '')).toBe(name);
    }
  });

  it('places a fault inside the text, also after a line break in quotes', async () => {
    const text = "${{'${{outputs\n'__proto__}}";
    const [part] = (await parseTemplate(text)).parts;
    if (part?.kind !== 'expression') throw new TypeError('it holds no expression');
    expect(part.problems.map(({ start, end }) => start <= end && end <= text.length + 1)).toEqual([true]);
  });

  it('never throws while parsing, and nothing but its own error while evaluating', async () => {
    const pieces = fc.constantFrom(
      '${{',
      '}}',
      ' ',
      "'",
      '(',
      ')',
      '[',
      ']',
      '.',
      '*',
      '!',
      '==',
      '&&',
      'inputs',
      'steps',
      'a',
      'outputs',
      '1',
      'contains',
      ',',
      '-',
      '\n',
      'toJSON',
      '"',
      '\u0131',
      '{',
      '__proto__',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 24 }), async (parts) => {
        const text = `\${{${parts.join('')}}}`;
        const template = await parseTemplate(text);
        const spans = template.parts.flatMap((part) => (part.kind === 'text' ? [] : [part, ...part.problems]));
        for (const { start, end } of spans) expect(start >= 0 && start <= end && end <= text.length + 1).toBe(true);
        try {
          evaluate(template, context);
        } catch (error) {
          expect(error).toMatchObject({ code: 'MSP_EXPRESSION_FAILED' });
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('gives back any value that a name stands for, by the short way and by the long one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (json) => {
        const given = JSON.parse(JSON.stringify(json)) as Json;
        const here: ExpressionContext = { inputs: { x: given }, steps: {}, run: { id: 'r' }, matrix: null };
        expect(await evaluateValue('${{ inputs.x }}', here)).toEqual(given);
        expect(await evaluateValue("${{ inputs['x'] }}", here)).toEqual(given);
        expect(await evaluateValue('${{ fromJSON(toJSON(inputs.x)) }}', here)).toEqual(given);
      }),
    );
  });
});
