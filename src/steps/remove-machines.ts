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

/** One machine: still in its place, already put aside by an attempt that was cut off, or both in turn. */
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
    const names = [...new Set(input.names)];
    for (const name of names) await services.lock(`machine-${name}`);
    const doomed: Doomed[] = [];
    for (const name of names) doomed.push(await find(context, name));
    for (const { entry } of doomed) await stop(context, entry);
    for (const one of doomed) await remove(context, one);
    return { removed: names };
  },
});

async function find({ services, input, key }: Context<Input>, name: string): Promise<Doomed> {
  const { machines, files } = services;
  const entry = await machines.find(name);
  const asides: string[] = [];
  for (const fileName of [name, `${name}.raw`]) {
    const aside = asidePath(machines.directory, fileName, key);
    if ((await files.info(aside)) !== null) asides.push(aside);
  }
  if (entry === null && asides.length === 0) {
    const names = (await machines.list()).map((machine) => machine.name);
    throw fail('MSP_MACHINE_NOT_FOUND', { name, nearest: nearest(name, names) });
  }
  if (entry !== null && entry.holder !== null && !input.force) throw fail('MSP_MACHINE_RUNNING', { name, holder: entry.holder });
  return { name, entry, asides };
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

async function remove({ services, input, key }: Context<Input>, { name, entry, asides }: Doomed): Promise<void> {
  const { machines, files } = services;
  const left = new Set(asides);
  if (entry !== null) {
    const aside = asidePath(machines.directory, basename(entry.path), key);
    if (left.has(aside)) await files.remove(aside);
    await files.publish(entry.path, aside);
    left.add(aside);
  }
  await machines.removeRecord(name);
  if (!input.keepSettings) {
    const settings = `/etc/systemd/nspawn/${name}.nspawn`;
    // A file without our header is somebody else's.
    if ((await files.info(settings)) !== null && /managed by machinespawn/iu.test(await files.readText(settings))) await files.remove(settings);
  }
  const lock = `${machines.directory}/.#${name}.lck`;
  if ((await files.info(lock)) !== null) await files.remove(lock);
  // Last: as long as the tree is there, an attempt that was cut off is seen to be unfinished.
  for (const aside of left) await files.remove(aside);
}
