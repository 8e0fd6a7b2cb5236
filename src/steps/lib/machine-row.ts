/** A machine as `list` shows it, from what its files say. Loads little: `list` must answer at once. */
import type { MachineEntry, RootFiles } from '../../host/services.ts';
import { readArch, readMachineId, readOsRelease } from './inspect-machine.ts';

export interface MachineRow {
  readonly name: string;
  readonly state: 'stopped' | 'running' | 'broken';
  readonly type: 'directory' | 'subvolume' | 'raw';
  readonly os: {
    readonly id: string;
    readonly versionId: string | null;
    readonly codename: string | null;
    readonly prettyName: string;
  } | null;
  readonly arch: string | null;
  readonly readOnly: boolean;
  readonly enabled: boolean;
  readonly path: string;
  readonly sizeBytes: number | null;
  readonly createdAt: string | null;
  readonly machineId: string | null;
  readonly settingsFile: string | null;
  readonly origin: {
    readonly kind: string;
    readonly image: string | null;
    readonly runId: string | null;
    readonly verification: string | null;
  } | null;
}

export interface RowSources {
  readRecord(name: string): Promise<Readonly<Record<string, unknown>> | null>;
  root(path: string): Pick<RootFiles, 'readText' | 'readStart'>;
  /** Of a path of the host; null when there is nothing. `bornMs` null: nobody knows. */
  look(path: string): Promise<{ readonly bornMs: number | null } | null>;
  /** Null: what was stored when it was made will do. */
  readonly sizeOf: ((path: string) => Promise<number | null>) | null;
}

/** A machine whose record or os-release is missing has null there; one without any system is broken. */
export async function machineRow(sources: RowSources, entry: MachineEntry): Promise<MachineRow> {
  const { name, path, type, holder } = entry;
  const record = await sources.readRecord(name);
  const text = (field: string): string | null => textOf(record?.[field]);
  // A disk image cannot be looked into without mounting it.
  const root = type === 'raw' ? null : sources.root(path);
  const os = root === null ? null : await readOsRelease(root);
  const found = await sources.look(path);
  const settingsFile = `/etc/systemd/nspawn/${name}.nspawn`;
  const has = async (file: string): Promise<boolean> => (await sources.look(file)) !== null;
  const bornMs = found?.bornMs ?? null;
  return {
    name,
    state: holder !== null ? 'running' : root !== null && os === null ? 'broken' : 'stopped',
    type,
    os,
    arch: (root === null ? null : await readArch(root)) ?? text('arch'),
    readOnly: entry.readOnly || record?.['readOnly'] === true,
    enabled: await has(`/etc/systemd/system/machines.target.wants/systemd-nspawn@${name}.service`),
    path,
    sizeBytes: sources.sizeOf === null ? numberOf(record?.['sizeBytes']) : await sources.sizeOf(path),
    createdAt: text('createdAt') ?? (bornMs === null ? null : new Date(bornMs).toISOString()),
    machineId: root === null ? null : await readMachineId(root),
    settingsFile: (await has(settingsFile)) ? settingsFile : null,
    origin:
      record === null
        ? null
        : {
            kind: text('kind') ?? 'unknown',
            image: text('image'),
            runId: text('runId'),
            verification: text('verification'),
          },
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
