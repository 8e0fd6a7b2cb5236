/** Asks in which state all suites of an archive are: what is installed from them later depends on it. */
import { z } from 'zod';
import { MachinespawnError } from '../errors/machinespawn-error.ts';
import { defineStep, type Context } from './define-step.ts';
import { recallState, rememberState } from './lib/archive-memory.ts';
import { archiveSchema, type Archive } from './lib/archive-schema.ts';
import { sha256 } from './lib/sha256.ts';

const mostBytes = 4 * 1024 * 1024;
const patienceMs = 5000;

const input = z.strictObject({
  archive: archiveSchema,
  proxy: z.string().nullable().default(null).describe('Proxy to fetch through'),
  offline: z.boolean().default(false).describe('Use only what was seen before; ask nobody'),
});
type Input = z.output<typeof input>;

const suiteState = z.strictObject({
  suite: z.string().describe('Name, such as bookworm-security'),
  mirror: z.string().describe('Archive that has it'),
  digest: z.string().nullable().describe('SHA-256 of its index as it was served; null when it could not be asked'),
});
type SuiteState = z.output<typeof suiteState>;

export const askSuites = defineStep({
  id: 'ask-suites',
  summary: 'Ask for the state of all suites of an archive',
  version: 1,
  input,
  output: z.strictObject({
    digest: z.string().describe('Stands for the state of all of them: another one when any has moved on'),
    suites: z.array(suiteState).describe('Those beside the main one'),
  }),
  reuse: 'never',
  looksOnly: true,
  singleFlight: false,
  describe: ({ suites, digest }) => `${suites.length + 1} suites, ${digest.slice(0, 12)}…`,

  async run(context) {
    const { archive } = context.input;
    const there = archive.suites.filter(({ exists }) => exists);
    const suites = await Promise.all(there.map(async (suite) => await stateOf(context, suite)));
    const seen = suites.flatMap(({ suite, mirror, digest }) =>
      digest === null ? [] : [`${mirror} ${suite} ${digest}`],
    );
    const digest =
      seen.length === 0
        ? archive.inReleaseDigest
        : sha256(Buffer.from([archive.inReleaseDigest, ...seen.toSorted()].join('\n')));
    return { digest, suites };
  },
});

/**
 * Nothing is verified here: apt does that when it installs, and a false answer only has it install again.
 * One that cannot be asked is taken as it was last seen: a private mirror may be all that can be reached.
 */
async function stateOf(context: Context<Input>, { suite, mirror }: Archive['suites'][number]): Promise<SuiteState> {
  const { services, input, log } = context;
  const last = async (): Promise<SuiteState> => ({ suite, mirror, digest: await recallState(context, mirror, suite) });
  if (input.offline) return await last();
  const options = { proxy: input.proxy, maxBytes: mostBytes, timeoutMs: patienceMs, retries: 0 };
  const fetch = async (name: string) => await services.net.fetch(`${mirror}/dists/${suite}/${name}`, options);
  try {
    const index = (await fetch('InRelease')) ?? (await fetch('Release'));
    const digest = index === null ? null : sha256(index.body);
    if (digest !== null) await rememberState(context, { mirror, suite, digest });
    return { suite, mirror, digest };
  } catch (error) {
    if (!MachinespawnError.is(error) || context.signal.aborted) throw error;
    log.info(`${suite} at ${mirror} is taken as it was last seen: ${error.message}`);
    return await last();
  }
}
