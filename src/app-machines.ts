/** Machines as `list` shows them. Loads as little as it can: `list` must answer at once. */
import { stat } from 'node:fs/promises';
import type { MachineSummary } from './app-types.ts';
import type { MachineEntry, Machines, RootFiles } from './host/services.ts';
import { archOfElf, elfHeaderBytes } from './model/elf.ts';
import { parseOsRelease } from './model/os-release.ts';

export interface MachineSources {
  readonly machines: Machines;
  root(path: string): Pick<RootFiles, 'readText' | 'readStart'>;
  /** Bytes of a tree on its own file system. */
  sizeOf(path: string): Promise<number | null>;
}

export async function listMachines(sources: MachineSources, size: boolean): Promise<readonly MachineSummary[]> {
  const entries = await sources.machines.list();
  return Promise.all(entries.map((entry) => summaryOf(sources, entry, size)));
}

async function summaryOf(sources: MachineSources, entry: MachineEntry, size: boolean): Promise<MachineSummary> {
  const { name, path, type, holder } = entry;
  const record = await sources.machines.readRecord(name).catch(() => null);
  const isTree = type !== 'raw';
  const root = isTree ? sources.root(path) : null;
  const osText =
    root === null ? null : ((await root.readText('/etc/os-release')) ?? (await root.readText('/usr/lib/os-release')));
  const os = osText === null ? null : parseOsRelease(osText);
  const shell = root === null ? null : await root.readStart('/bin/sh', elfHeaderBytes);
  const arch = shell === null ? textOf(record?.['arch']) : archOfElf(shell);
  const machineId = root === null ? null : ((await root.readText('/etc/machine-id'))?.trim() ?? null);
  const stats = await stat(path).catch(() => null);
  const stored = numberOf(record?.['sizeBytes']);
  return {
    name,
    state: holder !== null ? 'running' : isTree && os === null ? 'broken' : 'stopped',
    type,
    os:
      os === null
        ? null
        : {
            id: os.id,
            versionId: os.versionId,
            codename: os.codename,
            prettyName: os.prettyName,
          },
    arch,
    readOnly: record?.['readOnly'] === true || (stats !== null && (stats.mode & 0o222) === 0),
    enabled: false,
    path,
    sizeBytes: size ? await sources.sizeOf(path) : stored,
    limitBytes: null,
    createdAt:
      textOf(record?.['createdAt']) ??
      (stats === null ? null : new Date(stats.birthtimeMs || stats.mtimeMs).toISOString()),
    modifiedAt: null,
    machineId: machineId !== null && /^[0-9a-f]{32}$/u.test(machineId) ? machineId : null,
    addresses: [],
    leaderPid: null,
    settingsFile: null,
    origin:
      record === null
        ? null
        : {
            kind: textOf(record['kind']) ?? 'bootstrap',
            image: textOf(record['image']),
            runId: textOf(record['runId']),
            verification: textOf(record['verification']),
          },
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
