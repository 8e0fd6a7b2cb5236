/** Removes machines: first out of sight, then from the disk. */
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import type { MachineEntry } from '../host/services.ts';
import { nearest } from '../model/nearest.ts';
import { machineNameSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { asidePath } from './lib/staging.ts';

/** How long a machine that was told to end may take. */
const endMs = 10_000;
const pollMs = 100;

const input = z.strictObject({
  names: z.array(machineNameSchema).min(1).describe('Machines to remove'),
  force: z.boolean().default(false).describe('Stop those that run'),
  keepSettings: z.boolean().default(false).describe('Leave their .nspawn files'),
});
type Input = z.output<typeof input>;

/** One machine: still in its place, or put aside by an attempt that was cut off, or gone through it. */
interface Doomed {
  readonly name: string;
  readonly entry: MachineEntry | null;
  readonly asides: readonly string[];
}

export const removeMachines = defineStep({
  id: 'remove-machines',
  summary: 'Remove machines and what belongs to them',
  version: 1,
  input,
  output: z.strictObject({ removed: z.array(z.string()).describe('Names of the machines') }),
  reuse: 'never',
  needs: { root: true },
  claims: ({ names }) => names.map((name) => `machine-${name}`),
  describe: ({ removed }) => removed.join(', '),

  async run(context) {
    const { services, input } = context;
    // In one order, or two commands could wait for each other.
    const names = [...new Set(input.names)];
    for (const name of names.toSorted()) await services.lock(`machine-${name}`);
    const doomed: Doomed[] = [];
    for (const name of names) doomed.push(await find(context, name));
    await checkAll(context, doomed);
    for (const { entry } of doomed) await stop(context, entry);
    const asides: string[] = [];
    for (const one of doomed) asides.push(...(await putAside(context, one)));
    for (const { name } of doomed) await removeBelongings(context, name);
    // Last: as long as a tree is there, an attempt that was cut off is seen to be unfinished.
    for (const aside of asides) await services.files.remove(aside);
    return { removed: names };
  },
});

async function find({ services, key }: Context<Input>, name: string): Promise<Doomed> {
  const { machines, files } = services;
  const entry = await machines.find(name);
  const asides: string[] = [];
  for (const fileName of [name, `${name}.raw`]) {
    const aside = asidePath(machines.directory, fileName, key);
    if ((await files.info(aside)) !== null) asides.push(aside);
  }
  return { name, entry, asides };
}

/** Nothing is removed unless all can be. */
async function checkAll({ services, input }: Context<Input>, doomed: readonly Doomed[]): Promise<void> {
  // What is missing then was removed by that attempt, which had found all of them.
  const isAnotherAttempt = doomed.some(({ asides }) => asides.length > 0);
  for (const { name, entry } of doomed) {
    if (entry === null && !isAnotherAttempt) {
      const names = (await services.machines.list()).map((machine) => machine.name);
      throw fail('MSP_MACHINE_NOT_FOUND', { name, nearest: nearest(name, names) });
    }
    if (entry !== null && entry.holder !== null && !input.force)
      throw fail('MSP_MACHINE_RUNNING', { name, holder: entry.holder });
  }
}

async function stop({ services, signal }: Context<Input>, entry: MachineEntry | null): Promise<void> {
  if (entry === null || entry.holder === null) return;
  const { name, holder } = entry;
  // Without a service manager nobody can be asked, and killing what somebody works in is not ours.
  if (!services.facts.systemd || (await services.facts.findProgram('machinectl')) === null) {
    throw fail('MSP_MACHINE_RUNNING', { name, holder });
  }
  await services.exec({ file: 'machinectl', args: ['terminate', '--', name], okCodes: [0, 1], sandbox: false });
  for (let waitedMs = 0; waitedMs < endMs; waitedMs += pollMs) {
    if (((await services.machines.find(name))?.holder ?? null) === null) return;
    await sleep(pollMs, undefined, { signal });
  }
  throw fail('MSP_MACHINE_RUNNING', { name, holder });
}

/** Gives the paths that are to be removed in the end. */
async function putAside({ services, key }: Context<Input>, { entry, asides }: Doomed): Promise<readonly string[]> {
  if (entry === null) return asides;
  const { machines, files } = services;
  const aside = asidePath(machines.directory, basename(entry.path), key);
  if (asides.includes(aside)) await files.remove(aside);
  await files.publish(entry.path, aside);
  return [...asides.filter((path) => path !== aside), aside];
}

async function removeBelongings({ services, input }: Context<Input>, name: string): Promise<void> {
  const { machines, files } = services;
  await machines.removeRecord(name);
  const settings = `/etc/systemd/nspawn/${name}.nspawn`;
  // A file without our header is somebody else's.
  const isOurs = async () =>
    (await files.info(settings)) !== null && /managed by machinespawn/iu.test(await files.readText(settings));
  if (!input.keepSettings && (await isOurs())) await files.remove(settings);
  const lock = `${machines.directory}/.#${name}.lck`;
  if ((await files.info(lock)) !== null) await files.remove(lock);
}
