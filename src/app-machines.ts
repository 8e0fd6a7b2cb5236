/** Machines as `list` shows them, without the engine. */
import { stat } from 'node:fs/promises';
import type { MachineSummary } from './app-types.ts';
import type { Machines, RootFiles } from './host/services.ts';
import { machineRow } from './steps/lib/machine-row.ts';

export interface MachineSources {
  readonly machines: Machines;
  root(path: string): Pick<RootFiles, 'readText' | 'readStart'>;
  /** Bytes of a tree on its own file system. */
  sizeOf(path: string): Promise<number | null>;
}

export async function listMachines(sources: MachineSources, size: boolean): Promise<readonly MachineSummary[]> {
  const { machines } = sources;
  const rowSources = {
    readRecord: async (name: string) => await machines.readRecord(name).catch(() => null),
    root: (path: string) => sources.root(path),
    look,
    sizeOf: size ? async (path: string) => await sources.sizeOf(path) : null,
  };
  return await Promise.all(
    (await machines.list()).map(async (entry) => ({
      ...(await machineRow(rowSources, entry)),
      ...{ limitBytes: null, modifiedAt: null, addresses: [], leaderPid: null },
    })),
  );
}

async function look(path: string): Promise<{ readonly bornMs: number } | null> {
  const found = await stat(path).catch(() => null);
  return found === null ? null : { bornMs: found.birthtimeMs || found.mtimeMs };
}
