/** Sees to it that every chosen package is in the cache, whole and with the content that the signed index promises. */
import { z } from 'zod';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import type { PackageSelection, SelectedPackage } from '../model/package-selection.ts';
import { archiveUrlSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { fetchPackage, lackingPackages, settlePackages } from './lib/package-store.ts';
import { readSelection } from './lib/read-selection.ts';
import { whenOptional } from './lib/when-optional.ts';

const input = z.strictObject({
  selection: z
    .string()
    .regex(/^[0-9a-f]{64}$/u, 'not the SHA-256 of a list of packages')
    .describe('SHA-256 of the list of packages, as select-packages gives it'),
  mirrors: z
    .array(archiveUrlSchema)
    .default([])
    .describe('Archives with the same content, asked when the first one fails or sends a bad file'),
  connections: z.number().int().min(1).max(32).default(6).describe('How many packages are fetched side by side'),
  proxy: z.string().nullable().default(null).describe('Proxy to fetch through'),
  offline: z.boolean().default(false).describe('Ask nobody: what is lacking is an error'),
  optional: z.boolean().default(false).describe('Where they cannot be had: none, with a warning, instead of an error'),
});
type Input = z.output<typeof input>;

export const fetchPackages = defineStep({
  id: 'fetch-packages',
  summary: 'Fetch the packages into the cache',
  version: 1,
  input,
  output: z.strictObject({
    packages: z.number().describe('How many packages are there; 0 where they could not be had'),
    sizeBytes: z.number().describe('Size of all of them'),
  }),
  // Taken again for nothing, unless a step that unpacks them has to run: then `check` looks.
  reuse: 'always',
  identity: ({ selection }) => ({ selection }),
  isKept: ({ packages }) => packages > 0,
  describe: ({ packages, sizeBytes }) => `${packages} packages, ${(sizeBytes / 1e6).toFixed(1)} MB, verified`,

  async check({ input: { selection: digest }, output, services }) {
    if (output.packages === 0) return true;
    const selection = await readSelection(services, digest).catch((error: unknown) => {
      if (MachinespawnError.is(error) && error.code === 'MSP_SELECTION_MISSING') return null;
      throw error;
    });
    if (selection === null) return false;
    return (await lackingPackages(services, directoryOf(services, selection), selection.packages)).length === 0;
  },

  run: (context) =>
    whenOptional(context, context.input.optional, { packages: 0, sizeBytes: 0 }, () => fetchLacking(context)),
});

async function fetchLacking(context: Context<Input>): Promise<{ packages: number; sizeBytes: number }> {
  const { services, input } = context;
  const selection = await readSelection(services, input.selection);
  const { packages } = selection;
  const directory = directoryOf(services, selection);
  const lacking = await settlePackages(services, directory, packages);
  if (lacking.length > 0 && input.offline)
    throw fail('MSP_OFFLINE', { what: lacking.map(({ name }) => name).join(', ') });
  if (lacking.length > 0) {
    // Whoever waits for it finds most of them there.
    await services.lock(`packages-${selection.distro}`);
    await fetchAll(context, directory, await settlePackages(services, directory, lacking));
  }
  return { packages: packages.length, sizeBytes: sumOf(packages) };
}

function directoryOf(services: Context['services'], { distro }: PackageSelection): string {
  return `${services.directories.packages}/${distro}`;
}

/** Side by side, the large ones first. The first failure ends the others; what has come is kept. */
async function fetchAll(
  context: Context<Input>,
  directory: string,
  packages: readonly SelectedPackage[],
): Promise<void> {
  const { services, input, signal } = context;
  const total = sumOf(packages);
  const freeBytes = await services.files.freeBytes(directory);
  if (freeBytes < total) throw fail('MSP_SPACE_LOW', { path: directory, freeBytes, neededBytes: total });
  await services.files.makeDirectory(directory);
  const done = new Map<string, number>();
  const stop = new AbortController();
  const signals = AbortSignal.any([signal, stop.signal]);
  const rest = packages.values();
  const work = async (): Promise<void> => {
    for (const one of rest) {
      if (signals.aborted) return;
      const onProgress = (doneBytes: number): void => {
        done.set(one.name, doneBytes);
        const sum = [...done.values()].reduce((bytes, part) => bytes + part, 0);
        context.progress({ phase: 'downloading packages', done: sum, total, unit: 'bytes', text: one.name });
      };
      await fetchPackage(context, one, {
        directory,
        mirrors: input.mirrors,
        proxy: input.proxy,
        signal: signals,
        onProgress,
      });
      onProgress(one.sizeBytes);
    }
  };
  let first: unknown = null;
  const workers = Array.from({ length: Math.min(input.connections, packages.length) }, async () => {
    await work().catch((error: unknown) => {
      first ??= error;
      stop.abort();
    });
  });
  await Promise.all(workers);
  if (first !== null) throw first;
}

function sumOf(packages: readonly SelectedPackage[]): number {
  return packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
