/** Looks whether an unpacked tree is one that this host can run, and says clearly where it is not. */
import { z } from 'zod';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import type { RootFiles } from '../host/services.ts';
import { elfHeaderBytes, elfOf, type ElfKind } from '../model/elf.ts';
import { archSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { readOsRelease } from './lib/inspect-machine.ts';

/** What is there of them is run first. */
const programs = [
  '/bin/sh',
  '/usr/bin/sh',
  '/bin/bash',
  '/sbin/init',
  '/usr/lib/systemd/systemd',
  '/bin/busybox',
  '/init',
];

const input = z.strictObject({
  tree: z.string().describe('The tree to look at'),
  name: z.string().default('the image').describe('What a person calls it'),
  arch: z
    .union([archSchema, z.literal('')])
    .default('')
    .describe("Architecture that it must have; '' for any"),
});
type Input = z.output<typeof input>;

export const checkTree = defineStep({
  id: 'check-tree',
  summary: 'Look whether a tree can be run here',
  version: 2,
  input,
  output: z.strictObject({
    os: z.string().describe("Name of the system inside; '' when it tells none"),
    arch: archSchema.nullable().describe('Architecture of its programs; null when there is none that we know'),
    warnings: z.array(z.string()).describe('What will not work'),
  }),
  // Whether it runs is the host's matter, which changes.
  reuse: 'never',
  looksOnly: true,
  singleFlight: false,
  describe: ({ os, arch }) => [os || 'no os-release', arch ?? 'unknown architecture'].join(', '),

  async run(context) {
    const { services, input, log } = context;
    const { root } = await services.trees.view(input.tree);
    const os = await readOsRelease(root);
    const { program, elf } = await findProgram(root);
    const arch = elf?.arch ?? null;
    if (input.arch !== '' && elf !== null && arch !== input.arch)
      throw fail('MSP_PULL_ARCH', { name: input.name, arch: elf.name, wanted: input.arch, isOurs: arch !== null });
    const warnings = [
      ...(os === null ? [`${input.name} has no os-release: systemd-nspawn will not boot it`] : []),
      ...(program === null ? [`${input.name} has neither a shell nor an init: nothing can be run in it`] : []),
      ...(program === null ? [] : await archWarning(context, program, elf)),
    ];
    for (const warning of warnings) log.warn(warning);
    return { os: os?.prettyName ?? '', arch, warnings };
  },
});

/** The first that is a binary; else the first that is there. */
async function findProgram(
  root: RootFiles,
): Promise<{ readonly program: string | null; readonly elf: ElfKind | null }> {
  let found: string | null = null;
  for (const program of programs) {
    const head = await readHead(root, program);
    if (head === null) continue;
    found ??= program;
    const elf = elfOf(head);
    if (elf !== null) return { program, elf };
  }
  return { program: found, elf: null };
}

/** What is no regular file is no program. */
async function readHead(root: RootFiles, program: string): Promise<Buffer | null> {
  try {
    return await root.readStart(program, elfHeaderBytes);
  } catch (error) {
    if (MachinespawnError.is(error) && error.code === 'MSP_FILE_UNREADABLE') return null;
    throw error;
  }
}

async function archWarning(
  { services, input }: Context<Input>,
  program: string,
  elf: ElfKind | null,
): Promise<readonly string[]> {
  const { name } = input;
  if (elf === null)
    return [`${program} of ${name} is no program of any architecture: it cannot be told whether this host can run it`];
  if (elf.arch === null) return [`${name} is for ${elf.name}, which machinespawn cannot run on any host`];
  const { runs, problem } = await services.facts.canRun(elf.arch);
  return runs === 'no' ? [`${name} is for ${elf.arch}, which this host cannot run: ${problem ?? 'no emulator'}`] : [];
}
