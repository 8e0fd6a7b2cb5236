import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AnyStep } from '../../../src/engine/step.ts';
import { fail } from '../../../src/errors/machinespawn-error.ts';
import { defineStep } from '../../../src/steps/define-step.ts';
import { exits, fakeHost, stepChecks, type Program, type StepCases } from '../../../src/testing.ts';

const input = z.strictObject({ word: z.string().describe('Any word') });
const output = z.strictObject({ path: z.string() });
const place = '/var/lib/machinespawn/work';
const cases: StepCases<typeof input, typeof output> = {
  accepts: [{ name: 'a word', input: { word: 'bread' }, output: { path: `${place}/bread` } }],
  writes: [place],
};

/** Fills a directory with a program, as debootstrap does; `path` is its last argument. */
const fill: Program = function* fill({ args, world }) {
  for (const name of ['bin', 'etc', 'usr']) {
    world.put({ [`${args.at(-1)}/${name}`]: name });
    yield;
  }
};
const host = fakeHost({ programs: { fill } });
const withProgram = { ...cases, accepts: cases.accepts.map((given) => ({ ...given, host })) };

type Run = Parameters<typeof defineStep<typeof input, typeof output>>[0]['run'];

function stepThat(run: Run, rest: Partial<AnyStep> = {}) {
  return { ...defineStep({ id: 'do-it', summary: 'Do it', version: 1, input, output, reuse: 'always', run }), ...rest };
}

const good: Run = async ({ input: { word }, services }) => {
  const half = `${services.directories.scratch}/half`;
  const path = `${place}/${word}`;
  await services.exec({ file: 'fill', args: [half] });
  if ((await services.files.info(path)) !== null) return { path };
  await services.files.makeDirectory(place);
  await services.files.publish(half, path);
  return { path };
};

/** Names of the checks that the step does not pass, with what they say. */
async function failures(
  step: ReturnType<typeof stepThat>,
  given: StepCases<typeof input, typeof output> = cases,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const check of stepChecks(step, given)) {
    await check.run().catch((error: unknown) => {
      found[check.name] = String(error);
    });
  }
  return found;
}

describe('a step that', () => {
  it('builds in scratch and renames passes', async () => {
    expect(await failures(stepThat(good), withProgram)).toEqual({});
  });

  it('takes a directory that is there for a finished one is caught, at the moment when it is half full', async () => {
    const skips: Run = async ({ input: { word }, services }) => {
      const path = `${place}/${word}`;
      if ((await services.files.info(path)) === null) await services.exec({ file: 'fill', args: [path] });
      return { path };
    };
    const found = await failures(stepThat(skips), withProgram);
    expect(Object.keys(found)).toEqual(['a word: survives a cut at every moment']);
    expect(found['a word: survives a cut at every moment']).toMatch(
      /cut off inside exec\(fill .*other files than without the cut:\n- \/var\/lib\/machinespawn\/work\/bread\/etc/su,
    );
  });

  it('edits its input is caught', async () => {
    const edits: Run = async ({ input: given }) => {
      given.word = 'toast';
      return { path: `${place}/bread` };
    };
    expect((await failures(stepThat(edits)))['a word: gives its output']).toMatch(/read only/u);
  });

  it('returns what its schema does not allow is caught', async () => {
    const wrong = (async () => ({ path: 1 })) as unknown as Run;
    expect((await failures(stepThat(wrong)))['a word: gives its output']).toMatch(/expected string/u);
  });

  it('returns what JSON cannot hold is caught', async () => {
    const wrong = (async () => ({ path: 'x', more: undefined })) as unknown as Run;
    expect((await failures(stepThat(wrong)))['a word: gives its output']).toMatch(/written as JSON/u);
  });

  it('returns another output than the author wrote down is caught', async () => {
    expect((await failures(stepThat(async () => ({ path: '/x' }))))['a word: gives its output']).toMatch(
      /the output\nis/u,
    );
  });

  it('writes where it may not is caught', async () => {
    const writes: Run = async ({ input: { word }, services }) => {
      await services.files.writeText('/tmp/left', word);
      return { path: `${place}/${word}` };
    };
    const found = await failures(stepThat(writes));
    expect(found['a word: gives its output']).toMatch(/wrote where it may not:\n\+ \/tmp\/left/u);
    expect(found['a word: ends when cancelled at any moment']).toMatch(/it left\n\+ \/tmp\/left/u);
  });

  it('changes the tree that it was given is caught', async () => {
    const tree: StepCases<typeof input, typeof output> = {
      accepts: [
        { name: 'a tree', input: (world) => ({ word: world.tree({ '/etc/os': 'x' }) }), output: { path: 'x' } },
      ],
    };
    const changes: Run = async ({ input: { word }, services }) => {
      const { root } = await services.trees.view(word);
      await root.writeText('/etc/os', 'y');
      return { path: 'x' };
    };
    expect((await failures(stepThat(changes), tree))['a tree: gives its output']).toMatch(
      /may not change a committed tree/u,
    );
    const around: Run = async ({ input: { word }, services }) => {
      const { path } = await services.trees.view(word);
      await services.files.writeText(`${path}/etc/os`, 'y');
      return { path: 'x' };
    };
    expect((await failures(stepThat(around), tree))['a tree: gives its output']).toMatch(
      /wrote where it may not:\n-.*\/etc\/os/u,
    );
  });

  it('goes on when it is cancelled is caught', async () => {
    const goesOn: Run = async ({ services }) => {
      for (const path of ['/etc/a', '/etc/b']) await services.files.info(path).catch(() => null);
      return { path: `${place}/bread` };
    };
    expect(await failures(stepThat(goesOn))).toEqual({
      'a word: ends when cancelled at any moment': expect.stringMatching(/it went on/u),
    });
  });

  it('hides that it was cancelled is caught', async () => {
    const hides: Run = async ({ services }) => {
      await services.exec({ file: 'fill', args: [`${place}/bread`] }).catch((error: unknown) => {
        throw fail('MSP_NETWORK', { url: 'http://x', problem: 'gone' }, error);
      });
      return { path: `${place}/bread` };
    };
    expect((await failures(stepThat(hides), withProgram))['a word: ends when cancelled at any moment']).toMatch(
      /cannot be reached/u,
    );
  });

  it('never ends is caught', async () => {
    const { promise } = Promise.withResolvers<{ path: string }>();
    const check = stepChecks(
      stepThat(() => promise),
      cases,
    ).find(({ name }) => name === 'a word: gives its output');
    await expect(check?.run()).rejects.toThrow(/did not end/u);
  });

  it('leaves copies with random names behind is caught', async () => {
    const leaves: Run = async ({ services }) => {
      await services.files.makeDirectory(place);
      await services.files.writeText(`${place}/${services.facts.randomHex(4)}`, 'x');
      return { path: `${place}/bread` };
    };
    expect((await failures(stepThat(leaves)))['a word: survives a cut at every moment']).toMatch(
      /cut off after writeText/u,
    );
  });

  it('has a loose schema, no summary, or a field without a description is caught', async () => {
    const looseInput = z.object({ word: z.string().describe('x') }) as unknown as typeof input;
    const found = await failures(stepThat(good, { input: looseInput }), withProgram);
    expect(Object.keys(found)).toEqual(['is well formed', 'a word: refuses a key that it does not know']);
    expect(await failures(stepThat(good, { summary: 'Does it.' }), withProgram)).toHaveProperty('is well formed');
    expect(await failures(stepThat(good, { input: z.strictObject({ word: z.string() }) }), withProgram)).toHaveProperty(
      'is well formed',
    );
  });

  it('describes its output in two lines is caught', async () => {
    expect(
      (await failures(stepThat(good, { describe: () => 'a\nb' }), withProgram))['a word: gives its output'],
    ).toMatch(/not one line/u);
  });

  it('does not see its own result is caught', async () => {
    expect(
      (await failures(stepThat(good, { check: async () => false }), withProgram))['a word: gives its output'],
    ).toMatch(/what check says/u);
  });
});

describe('cases', () => {
  const step = stepThat(good);
  const [accepted] = withProgram.accepts;
  if (accepted === undefined) throw new Error('there is one');

  it('that are there twice are refused', () => {
    expect(() => stepChecks(step, { accepts: [accepted, accepted] })).toThrow(/'a word' is there twice/u);
    expect(() => stepChecks(step, { accepts: [accepted, { ...accepted, name: 'another' }] })).toThrow(
      /'another' is there twice \(as 'a word'\)/u,
    );
  });

  it('are needed', () => {
    expect(() => stepChecks(step, { accepts: [] })).toThrow(/at least one case/u);
  });

  it('of failure must name a code that there is', () => {
    const failing = { name: 'x', input: { word: 'x' }, code: 'MSP_NOTHING' as never };
    expect(() => stepChecks(step, { accepts: [accepted], fails: [failing] })).toThrow(/must name the code/u);
  });

  it('of failure are caught when the step fails otherwise, or not at all', async () => {
    const broken = { input: { word: 'x' }, host: fakeHost({ programs: { fill: exits(1, 'E: no') } }) };
    const given: StepCases<typeof input, typeof output> = {
      ...withProgram,
      fails: [
        { name: 'as said', ...broken, code: 'MSP_TOOL_FAILED' },
        { name: 'otherwise', ...broken, code: 'MSP_DISK_FULL' },
        { name: 'not at all', input: { word: 'x' }, host, code: 'MSP_TOOL_FAILED' },
      ],
    };
    const found = await failures(step, given);
    expect(Object.keys(found)).toEqual([
      'fails with MSP_DISK_FULL: otherwise',
      'fails with MSP_TOOL_FAILED: not at all',
    ]);
  });

  it('of refusal are caught when the schema takes them, or refuses another field', async () => {
    const refuses = [
      { name: 'a number', input: { word: 1 }, at: 'word' },
      { name: 'a good word', input: { word: 'x' }, at: 'word' },
      { name: 'a number, elsewhere', input: { word: 1 }, at: 'name' },
    ];
    expect(Object.keys(await failures(step, { ...withProgram, refuses }))).toEqual([
      'refuses a good word',
      'refuses a number, elsewhere',
    ]);
  });
});
