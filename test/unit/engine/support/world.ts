/** A small world for engine tests: durable stores that outlive a process, and processes that can be killed at any call. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { fail } from '../../../../src/errors/machinespawn-error.ts';
import { Engine } from '../../../../src/engine/engine.ts';
import { MemoryRunStore } from '../../../../src/engine/memory-run-store.ts';
import type { Plan, PlannedStep } from '../../../../src/engine/plan.ts';
import type { EnginePorts, RunFiles, StoredResult } from '../../../../src/engine/ports.ts';
import { StepRegistry } from '../../../../src/engine/step-registry.ts';
import type { Json, Step } from '../../../../src/engine/step.ts';
import { stashIn } from './stash.ts';

export interface TestServices {
  /** A moment at which the process may be killed. */
  moment(): Promise<void>;
  make(content: string): string;
  read(reference: string): string;
  /** Executions of a step after its result was journaled would show here. */
  ran(stepId: string): void;
  /** How often this step has failed so far, counted over all processes. */
  failure(stepId: string): number;
}

/** What outlives a kill. */
export class World {
  readonly runs = new MemoryRunStore();
  readonly results = new Map<string, StoredResult>();
  readonly things = new Map<string, string>();
  readonly executions: string[] = [];
  /** By where they are. */
  readonly secrets = new Map<string, string>();
  readonly failures = new Map<string, number>();
  nowMs = Date.UTC(2026, 10, 22);
  syncs = 0;
  #words = 0;

  /** A process; `moments`: after that many calls to the world it is dead. */
  process(moments = Infinity): { engine: Engine<TestServices>; killed: Promise<'killed'>; moments: () => number } {
    const life = new Life(moments);
    this.runs.releaseLocks();
    return {
      engine: new Engine(this.#ports(life), worldRegistry(this.things)),
      killed: life.killed,
      moments: () => life.used,
    };
  }

  /** What an engine is made of; this process is never killed. */
  parts(): { readonly ports: EnginePorts<TestServices>; readonly registry: StepRegistry<TestServices> } {
    return { ports: this.#ports(new Life(Infinity)), registry: worldRegistry(this.things) };
  }

  #ports(life: Life): EnginePorts<TestServices> {
    return {
      runs: {
        create: async (id, plan) => livingFiles(await this.runs.create(id, plan), life, this),
        open: async (id) => livingFiles(await this.runs.open(id), life, this),
        list: () => this.runs.list(),
        remove: (id) => this.runs.remove(id),
      },
      results: {
        get: async (_type, key) => {
          await life.moment();
          return this.results.get(key) ?? null;
        },
        put: async (result) => {
          await life.moment();
          this.results.set(result.key, result);
          await life.moment();
        },
        remove: async (_type, key) => void this.results.delete(key),
        recent: async (type, limit) =>
          [...this.results.values()].filter((result) => result.type === type).slice(0, limit),
      },
      locks: { acquire: async () => (await life.moment(), { release: () => {} }) },
      workbench: {
        open: async (job) => {
          await life.moment();
          const made = new Map<string, string>();
          const services: TestServices = {
            moment: () => life.moment(),
            make: (content) => {
              made.set(`thing:${job.key}`, content);
              return `thing:${job.key}`;
            },
            read: (reference) => {
              const content = this.things.get(reference);
              if (content === undefined) throw new TypeError(`${reference} is gone, and nobody noticed`);
              return content;
            },
            ran: (stepId) => void this.executions.push(stepId),
            failure: (stepId) => {
              const count = this.failures.get(stepId) ?? 0;
              this.failures.set(stepId, count + 1);
              return count;
            },
          };
          return {
            services,
            commit: async () => {
              await life.moment();
              for (const [reference, content] of made) this.things.set(reference, content);
              await life.moment();
            },
            discard: () => life.moment(),
          };
        },
        look: () => ({}) as TestServices,
        missing: async (value) =>
          [...JSON.stringify(value).matchAll(/thing:[0-9a-f]{64}/gu)]
            .map(([found]) => found)
            .filter((found) => !this.things.has(found))
            .map((reference) => ({ reference, what: `thing ${reference.slice(6, 18)}`, problem: 'is gone' as const })),
      },
      secrets: {
        canonical: (source) => source,
        open: (name, source) => {
          const value = this.secrets.get(source);
          if (value === undefined)
            return Promise.reject(fail('MSP_SECRET_UNUSABLE', { name, source, problem: 'gone' }));
          return Promise.resolve({ value, digest: createHash('sha256').update(`key ${value}`).digest('hex') });
        },
      },
      clock: {
        now: () => (this.nowMs += 1),
        sleep: async (milliseconds) => {
          this.nowMs += milliseconds;
          await life.moment();
        },
      },
      process: { pid: 1, host: 'test', bootId: 'boot', user: 'tester', version: '0' },
      randomWord: () => String((this.#words += 1)).padStart(4, '0'),
    };
  }
}

/** The step types of the world. */
export function worldRegistry(things = new Map<string, string>()): StepRegistry<TestServices> {
  const registry = new StepRegistry<TestServices>();
  registry.add('mix', () => Promise.resolve(mix));
  registry.add('look', () => Promise.resolve(look));
  registry.add('stash', () => Promise.resolve(stashIn(things)));
  registry.add('lack', () => Promise.resolve({ ...mix, id: 'lack', isKept: () => false }));
  registry.add('place', () => Promise.resolve({ ...mix, id: 'place', reuse: 'run' as const }));
  return registry;
}

class Life {
  used = 0;
  readonly killed: Promise<'killed'>;
  readonly #limit: number;
  #die: (word: 'killed') => void = () => {};

  constructor(limit: number) {
    this.#limit = limit;
    this.killed = new Promise((resolve) => (this.#die = resolve));
  }

  get dead(): boolean {
    return this.used > this.#limit;
  }

  get diesNow(): boolean {
    return this.used === this.#limit + 1;
  }

  step(): boolean {
    this.used += 1;
    if (this.dead) this.#die('killed');
    return !this.dead;
  }

  /** Never comes back once the process is dead. */
  moment(): Promise<void> {
    return this.step() ? Promise.resolve() : new Promise(() => {});
  }
}

function livingFiles(files: RunFiles, life: Life, world: World): RunFiles {
  return {
    ...files,
    openJournal: async (keepBytes) => {
      const writer = await files.openJournal(keepBytes);
      return {
        append: (text) => {
          if (!life.step()) {
            // A line that is cut off in the middle, now and then: what a torn write leaves.
            if (life.diesNow && life.used % 3 === 0) writer.append(text.slice(0, Math.floor(text.length / 2)));
            throw new TypeError('the process is dead');
          }
          world.syncs += 1;
          writer.append(text);
          if (!life.step()) throw new TypeError('the process is dead');
        },
        close: () => writer.close(),
      };
    },
  };
}

const mixInput = z.strictObject({
  parts: z.array(z.json()).describe('Values and things to mix'),
  failing: z.int().default(0).describe('How often it fails before it works'),
  broken: z.boolean().default(false).describe('Fails for ever, in a way that is not tried again'),
  thing: z.boolean().default(false).describe('Makes a thing in the store'),
});

const mix: Step<typeof mixInput, z.ZodType<{ text: string }>, TestServices> = {
  id: 'mix',
  summary: 'Mix its parts',
  version: 1,
  input: mixInput,
  output: z.strictObject({ text: z.string().describe('The mixture') }),
  reuse: 'always',
  retry: { attempts: 4, on: ['MSP_NETWORK'], delayMs: 10 },
  async run({ input, services, stepId }) {
    services.ran(stepId);
    await services.moment();
    if (input.broken) throw fail('MSP_SUITE_NOT_FOUND', { suite: 'x', mirror: 'y' });
    if (input.failing > 0 && services.failure(stepId) < input.failing)
      throw fail('MSP_NETWORK', { url: 'http://x', problem: 'down' });
    const contents = input.parts.map((part) =>
      typeof part === 'string' && part.startsWith('thing:') ? services.read(part) : JSON.stringify(part),
    );
    const text = createHash('sha256').update(contents.join('|')).digest('hex').slice(0, 16);
    await services.moment();
    return { text: input.thing ? services.make(text) : text };
  },
};

const lookInput = z.strictObject({ value: z.string().describe('What is seen') });

const look: Step<typeof lookInput, z.ZodType<{ text: string }>, TestServices> = {
  id: 'look',
  summary: 'Look at the world',
  version: 1,
  input: lookInput,
  output: z.strictObject({ text: z.string().describe('What was seen') }),
  reuse: 'never',
  singleFlight: false,
  run: ({ input }) => Promise.resolve({ text: input.value }),
};

export function plannedStep(
  id: string,
  uses: string,
  needs: readonly string[],
  values: Readonly<Record<string, Json>>,
  more: Partial<PlannedStep> = {},
): PlannedStep {
  return {
    id,
    uses,
    summary: '',
    with: values,
    needs,
    if: null,
    retry: null,
    timeoutMs: null,
    cache: true,
    always: false,
    cell: null,
    line: 1,
    ...more,
  };
}

export function planOf(steps: readonly PlannedStep[], outputs: Readonly<Record<string, Json>> = {}): Plan {
  return {
    format: 1,
    pipeline: { id: 'test', summary: 'A test', file: null, sourceDigest: '0' },
    inputs: {},
    plugins: [],
    secrets: {},
    matrix: null,
    steps,
    outputs,
  };
}
