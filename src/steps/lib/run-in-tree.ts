/** Runs a program inside a tree that a step is making: systemd-nspawn, not booted, nothing of the host's left in the tree. */
import type { ErrorData } from '../../errors/catalog.ts';
import { fail, MachinespawnError } from '../../errors/machinespawn-error.ts';
import type { CommandResult, RootFiles } from '../../host/services.ts';
import type { Context } from '../define-step.ts';

const resolver = '/etc/resolv.conf';
const policy = '/usr/sbin/policy-rc.d';
const noServices = '#!/bin/sh\n# No service starts while the tree is being made.\nexit 101\n';

export interface TreeBind {
  /** Path on the host. */
  readonly from: string;
  /** Path in the tree. */
  readonly to: string;
  readonly readOnly?: boolean;
}

export interface TreeProgram {
  readonly command: readonly [string, ...string[]];
  /** Word for the log and for messages; the program's name otherwise. */
  readonly label?: string;
  /** @default false */
  readonly network?: boolean;
  readonly binds?: readonly TreeBind[];
  /** Added to a clean environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** @default root */
  readonly user?: string;
  readonly chdir?: string;
  readonly onLine?: (line: string) => void;
}

/**
 * `tree` comes from `services.trees.change`. Packages that are installed by it start no service.
 * Throws MSP_TOOL_FAILED (of the program itself), MSP_TOOL_MISSING, MSP_DISK_FULL.
 */
export async function runInTree(
  { services, key }: Pick<Context, 'services' | 'key'>,
  tree: { readonly path: string; readonly root: RootFiles },
  program: TreeProgram,
): Promise<CommandResult> {
  const { root } = tree;
  const isResolverOurs = await isMissingOrEmpty(root);
  const hasResolver = program.network === true && (await services.files.info(resolver)) !== null;
  const isPolicyOurs = (await root.info(policy)) === null;
  if (isPolicyOurs) await root.writeText(policy, noServices, { mode: 0o755 });
  const label = program.label ?? program.command[0].slice(program.command[0].lastIndexOf('/') + 1);
  const result = await services
    .exec({
      file: 'systemd-nspawn',
      args: argumentsOf(tree.path, `machinespawn-${key.slice(0, 12)}`, hasResolver, program),
      label,
      // Where /run is on a disk, nspawn refuses to tidy up there.
      memory: ['/run/systemd/nspawn/propagate'],
      ...(program.onLine === undefined ? {} : { onLine: program.onLine }),
    })
    .catch((error: unknown) => {
      throw asOfProgram(error, label);
    });
  // After a failure the tree is thrown away.
  if (isPolicyOurs && (await root.readText(policy)) === noServices) await root.remove(policy);
  // nspawn makes an empty file to mount the host's upon.
  if (isResolverOurs && (await root.info(resolver)) !== null && (await isMissingOrEmpty(root)))
    await root.remove(resolver);
  return result;
}

function argumentsOf(path: string, name: string, hasResolver: boolean, program: TreeProgram): readonly string[] {
  const escape = (place: string): string => place.replaceAll(':', String.raw`\:`);
  const env = { LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive', SYSTEMD_OFFLINE: '1', ...program.env };
  return [
    '--quiet',
    `--directory=${path}`,
    `--machine=${name}`,
    '--hostname=localhost',
    '--register=no',
    '--keep-unit',
    '--settings=no',
    '--console=pipe',
    '--as-pid2',
    '--timezone=off',
    '--link-journal=no',
    hasResolver ? '--resolv-conf=bind-host' : '--resolv-conf=off',
    ...(program.network === true ? [] : ['--private-network']),
    ...(program.user === undefined ? [] : [`--user=${program.user}`]),
    ...(program.chdir === undefined ? [] : [`--chdir=${program.chdir}`]),
    ...(program.binds ?? []).map(
      ({ from, to, readOnly }) => `--bind${readOnly === true ? '-ro' : ''}=${escape(from)}:${escape(to)}`,
    ),
    ...Object.entries(env).map(([variable, value]) => `--setenv=${variable}=${value}`),
    '--',
    ...program.command,
  ];
}

/** The person knows the program, not what started it. */
function asOfProgram(error: unknown, label: string): unknown {
  if (!MachinespawnError.is(error) || error.code !== 'MSP_TOOL_FAILED') return error;
  const { exitCode, signal, tail, command } = error.data as unknown as ErrorData<'MSP_TOOL_FAILED'>;
  return fail('MSP_TOOL_FAILED', { tool: label, exitCode, signal: signal ?? null, tail, command }, error);
}

async function isMissingOrEmpty(root: RootFiles): Promise<boolean> {
  const info = await root.info(resolver);
  return info === null || (info.type === 'file' && info.sizeBytes === 0);
}
