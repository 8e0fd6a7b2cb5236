import { describe, expect, it } from 'vitest';
import { faultsOf, withSteps } from './support/front.ts';

async function textsOf(file: string): Promise<string> {
  return (await faultsOf(file)).map((fault) => fault.text).join('\n');
}

const inputs = 'inputs: { suite: { type: string, summary: A suite } }\n';

/** What is wrong, the file, and all that is said about it. */
const cases: readonly (readonly [string, string, string])[] = [
  ['empty file', '', 'live.yaml:1:1 the file is empty'],
  ['only a comment', '# nothing\n', 'live.yaml:1:1 the file is empty'],
  ['a list', '- a\n', 'live.yaml:1:1 a pipeline is a map with format, id, summary and steps; this is a list'],
  ['a text', 'hello', "live.yaml:1:1 a pipeline is a map with format, id, summary and steps; this is 'hello'"],
  ['a tab', 'format: 1\nsteps:\n\t- id: a\n', 'live.yaml:3:1 a tab cannot indent; use spaces'],
  ['two documents', 'format: 1\n---\nformat: 1\n', 'live.yaml:2:1 there is more than one document in the file'],
  ['bad YAML', 'format: 1\nid: "demo\n', 'live.yaml:3:1 missing closing "quote'],
  [
    'duplicate key',
    withSteps('  - { id: a, uses: echo, with: { text: x }, id: b }\n'),
    "live.yaml:5:45 the key 'id' is there twice (first at line 5)",
  ],
  [
    'a tag',
    withSteps('  - { id: a, uses: echo, with: { text: !!binary eA== } }\n'),
    'live.yaml:5:49 the tag tag:yaml.org,2002:binary means nothing here',
  ],
  [
    'a key that is no text',
    withSteps('  - { id: a, uses: echo, with: { [x]: x, text: y } }\n'),
    'live.yaml:5:34 a key is a plain text',
  ],
  [
    'not a number',
    withSteps('  - { id: a, uses: paint, with: { thing: x, coats: .nan } }\n'),
    'live.yaml:5:52 .nan is not a value',
  ],
  [
    'alias in itself',
    withSteps('  - { id: a, uses: echo, with: &w { text: *w } }\n'),
    'live.yaml:5:43 the alias *w stands inside what it refers to',
  ],
  [
    'alias of nothing',
    withSteps('  - { id: a, uses: echo, with: { text: *no } }\n'),
    'live.yaml:5:40 there is no anchor &no before this alias',
  ],
  [
    'unknown key',
    withSteps('  - id: base\n    usess: echo\n'),
    "live.yaml:6:5 unknown key 'usess' in step 'base' (did you mean 'uses'?)",
  ],
  [
    'unknown key, like no other',
    withSteps('  - { id: a, uses: echo, with: { text: x }, colour: red }\n'),
    "live.yaml:5:45 unknown key 'colour' in step 'a' (there are id, uses, summary, with, needs, if, retry, timeout, cache, always, matrix)",
  ],
  [
    'unknown top key',
    withSteps('  - { id: a, uses: echo, with: { text: x } }\n', 'input: {}\n'),
    "live.yaml:4:1 unknown key 'input' in the pipeline (did you mean 'inputs'?)",
  ],
  [
    'merge key',
    withSteps('  - { id: a, uses: echo, with: { text: x }, <<: { cache: false } }\n'),
    "live.yaml:5:45 unknown key '<<' in step 'a' (there are id, uses, summary, with, needs, if, retry, timeout, cache, always, matrix)",
  ],
  [
    'nothing required is there',
    'plugins: []\n',
    "live.yaml:1:1 the pipeline has no 'format'\nlive.yaml:1:1 the pipeline has no 'id'\nlive.yaml:1:1 the pipeline has no 'summary'\nlive.yaml:1:1 the pipeline has no 'steps'",
  ],
  [
    'another format',
    'format: 2\nid: demo\nsummary: X\nsteps: [{ id: a, uses: echo, with: { text: x } }]\n',
    "live.yaml:1:9 format: '2' is not a format that this version knows (write format: 1)",
  ],
  [
    'bad pipeline id',
    'format: 1\nid: De mo\nsummary: X\nsteps: [{ id: a, uses: echo, with: { text: x } }]\n',
    "live.yaml:2:5 id: 'De mo' cannot be the id of a pipeline (lower-case words with dashes between them)",
  ],
  ['no steps', 'format: 1\nid: demo\nsummary: X\nsteps: []\n', 'live.yaml:4:8 steps: the list is empty'],
  [
    'steps as a map',
    'format: 1\nid: demo\nsummary: X\nsteps: { a: 1 }\n',
    'live.yaml:4:8 steps: a map is not a list of steps',
  ],
  [
    'a step that is a text',
    withSteps('  - echo\n'),
    "live.yaml:5:5 'echo' is not a step (a step is a map such as { id: hello, uses: echo })",
  ],
  [
    'summary of two lines',
    'format: 1\nid: demo\nsummary: "a\\nb"\nsteps: [{ id: a, uses: echo, with: { text: x } }]\n',
    'live.yaml:3:10 summary: this is more than one line',
  ],
  [
    'duplicate id',
    withSteps('  - { id: a, uses: echo, with: { text: x } }\n  - { id: a, uses: echo, with: { text: x } }\n'),
    "live.yaml:6:11 duplicate step id 'a' (first at line 5)",
  ],
  [
    'bad id',
    withSteps('  - { id: __proto__, uses: echo, with: { text: x } }\n'),
    "live.yaml:5:11 id: '__proto__' cannot be the id of a step (lower-case words with dashes between them)",
  ],
  [
    'unknown step type',
    withSteps('  - { id: a, uses: ehco }\n'),
    "live.yaml:5:20 there is no step type 'ehco' (did you mean 'echo'?)",
  ],
  [
    'step type from Object',
    withSteps('  - { id: a, uses: constructor }\n'),
    "live.yaml:5:20 there is no step type 'constructor' (machinespawn pipeline steps)",
  ],
  [
    'bad duration',
    withSteps('  - { id: a, uses: echo, with: { text: x }, timeout: 10 minutes }\n'),
    "live.yaml:5:54 timeout: '10 minutes' is not a duration (write 10m)",
  ],
  [
    'number as duration',
    withSteps('  - { id: a, uses: echo, with: { text: x }, timeout: 10 }\n'),
    "live.yaml:5:54 timeout: '10' is not a duration (write 10s)",
  ],
  [
    'no duration at all',
    withSteps('  - { id: a, uses: echo, with: { text: x }, timeout: 0s }\n'),
    "live.yaml:5:54 timeout: '0s' is no time at all",
  ],
  [
    'cache not a boolean',
    withSteps('  - { id: a, uses: echo, with: { text: x }, cache: no }\n'),
    "live.yaml:5:52 cache: 'no' is neither true nor false",
  ],
  [
    'attempts',
    withSteps('  - { id: a, uses: echo, with: { text: x }, retry: { attempts: 0, on: MSP_NETWORK } }\n'),
    "live.yaml:5:64 attempts: '0' is not a whole number from 1 to 100",
  ],
  [
    'retry on nothing',
    withSteps('  - { id: a, uses: echo, with: { text: x }, retry: { attempts: 2 } }\n'),
    "live.yaml:5:54 'retry' has no 'on'",
  ],
  [
    'retry on an unknown code',
    withSteps('  - { id: a, uses: echo, with: { text: x }, retry: { attempts: 2, on: [MSP_NETWROK] } }\n'),
    "live.yaml:5:72 on: there is no error code 'MSP_NETWROK' (did you mean 'MSP_NETWORK'?)",
  ],
  [
    'needs an unknown step',
    withSteps('  - { id: first, uses: echo, with: { text: x }, needs: frist }\n'),
    "live.yaml:5:56 needs: there is no step 'frist' (did you mean 'first'?)",
  ],
  [
    'with is a list',
    withSteps('  - { id: a, uses: echo, with: [x] }\n'),
    "live.yaml:5:32 with: a list is not a map of names and values\nlive.yaml:5:11 'with' of step 'a' has no 'text'",
  ],
];

describe('faults of a pipeline file', () => {
  it.each(cases)('%s', async (_name, file, said) => {
    const sorted = said.split('\n').toSorted();
    expect((await textsOf(file)).split('\n').toSorted()).toEqual(sorted);
  });

  it('says all at once, in the order of the file, as rows for a program, too', async () => {
    const file = withSteps(
      '  - id: base\n    usess: echo\n    timeout: 10 minutes\n  - { id: base, uses: paint, with: { thing: x, colour: gren } }\n' +
        '  - { id: last, uses: echo, with: { text: "${{ inputs.sute }}" } }\n',
      inputs,
    );
    const faults = await faultsOf(file);
    expect(faults.map((fault) => fault.text)).toEqual([
      "live.yaml:7:5 unknown key 'usess' in step 'base' (did you mean 'uses'?)",
      "live.yaml:8:14 timeout: '10 minutes' is not a duration (write 10m)",
      "live.yaml:9:11 duplicate step id 'base' (first at line 6)",
      "live.yaml:10:55 ${{ inputs.sute }}: there is no input 'sute' (did you mean 'suite'?)",
    ]);
    expect(faults[0]).toEqual({
      file: 'live.yaml',
      line: 7,
      column: 5,
      endColumn: 10,
      severity: 'error',
      code: 'unknown-key',
      path: 'steps.0.usess',
      message: "unknown key 'usess' in step 'base'",
      hint: "did you mean 'uses'?",
      text: "live.yaml:7:5 unknown key 'usess' in step 'base' (did you mean 'uses'?)",
    });
    expect(faults[3]).toMatchObject({ endColumn: 59, path: 'steps.2.with.text', code: 'unknown-name' });
  });
});

const one = '  - { id: a, uses: echo, with: { text: x } }\n';

const inputCases: readonly (readonly [string, string])[] = [
  ['x', "live.yaml:5:6 input 'x' is 'x', not a map (write x: { type: string, summary: … })"],
  ['{ summary: S }', "live.yaml:5:8 input 'x' has no 'type'"],
  ['{ typ: string, summary: S }', "live.yaml:5:8 unknown key 'typ' in input 'x' (did you mean 'type'?)"],
  ['{ type: strnig, summary: S }', "live.yaml:5:14 type: there is no input type 'strnig' (did you mean 'string'?)"],
  [
    '{ type: constructor, summary: S }',
    "live.yaml:5:14 type: there is no input type 'constructor' (there are string, path, number, boolean, list, choice, secret, duration, size)",
  ],
  ['{ type: string }', "live.yaml:5:8 input 'x' has no 'summary'"],
  ['{ type: number, summary: S, default: many }', "live.yaml:5:43 default: 'many' is not a number"],
  [
    '{ type: duration, summary: S, default: 10 minutes }',
    "live.yaml:5:45 default: '10 minutes' is not a duration (write 10m)",
  ],
  [
    '{ type: boolean, summary: S, required: true, default: true }',
    'live.yaml:5:60 default: an input that is required has no default',
  ],
  [
    '{ type: string, summary: S, default: "${{ run.id }}" }',
    'live.yaml:5:43 default: a default cannot hold an expression',
  ],
  ['{ type: choice, summary: S }', "live.yaml:5:8 input 'x' has no 'options'"],
  ['{ type: choice, summary: S, options: [] }', 'live.yaml:5:43 options: there is nothing to choose from'],
  ['{ type: choice, summary: S, options: [a, b], default: c }', "live.yaml:5:60 default: 'c' is not one of a, b"],
  ['{ type: string, summary: S, options: [a] }', 'live.yaml:5:34 options: only an input of type choice has options'],
];

describe('faults of inputs and outputs', () => {
  it.each(inputCases)('%s', async (input, said) => {
    expect(await textsOf(withSteps(one, `inputs:\n  x: ${input}\n`))).toBe(said);
  });

  it('names that cannot be', async () => {
    expect(await textsOf(withSteps(one, 'inputs: { 1x: { type: string, summary: S } }\n'))).toBe(
      "live.yaml:4:11 '1x' cannot be the name of an input (such as name, or keep-failed)",
    );
    expect(await textsOf(withSteps(one, 'outputs: { a b: x }\n'))).toBe(
      "live.yaml:4:12 'a b' cannot be the name of an output",
    );
    expect(await textsOf(withSteps(one, 'outputs: { ab: "${{ steps.b.outputs.text }}" }\n'))).toBe(
      "live.yaml:4:27 ${{ steps.b.outputs.text }}: there is no step 'b'",
    );
  });
});

const bomb =
  'a: &a [x, x, x, x, x, x, x, x, x, x]\n' +
  'bcdefghi'
    .split('')
    .map(
      (name, index) =>
        `${name}: &${name} [${Array(10)
          .fill(`*${'abcdefgh'[index] ?? ''}`)
          .join(', ')}]\n`,
    )
    .join('');

/** Files that are made to be slow, or to bring the parser down. */
const traps: readonly (readonly [string, string, RegExp])[] = [
  ['alias bomb', bomb, /the aliases grow to more than 10000 values/u],
  ['deep flow', '['.repeat(100_000), /the file nests deeper than 64 levels/u],
  ['deep flow, below the first look', '['.repeat(500), /flow sequence/iu],
  ['deep blocks', '- '.repeat(20_000), /the file nests deeper than 64 levels/u],
  ['deep and right', `${'- '.repeat(300)}a`, /the file nests deeper than 64 levels/u],
  ['a large file', 'x'.repeat(5_000_000), /larger than 4194304 characters/u],
  ['many unknown keys', Array.from({ length: 20_000 }, (_, index) => `key${index}: 1\n`).join(''), /and \d+ more/u],
  [
    'deep expression',
    withSteps(`  - { id: a, uses: echo, with: { text: "\${{ ${'('.repeat(3000)} }}" } }\n`),
    /depth/u,
  ],
  [
    'long expression',
    withSteps(`  - { id: a, uses: echo, with: { text: "\${{ ${'1 ||'.repeat(3000)} }}" } }\n`),
    /longer than 4000/u,
  ],
];

describe('files made to do harm', () => {
  it.each(traps)('%s', async (_name, file, said) => {
    expect(await textsOf(file)).toMatch(said);
  });
});
