/** `list` without the engine: it must answer in the time of two bare starts of Node. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { listMachines } from './app-machines.ts';
import type { MachineSummary, Settings } from './app-types.ts';
import { MachinespawnError } from './errors/machinespawn-error.ts';
import { MachinesDirectory } from './host/machines.ts';
import { TreeFiles } from './host/root-files.ts';

const systemDirectory = '/var/lib/machines';

/** Throws MSP_FILE_UNREADABLE where only root may look, and no systemd-machined tells. */
export async function listMachinesOf(settings: Settings, size: boolean): Promise<readonly MachineSummary[]> {
  const machines = new MachinesDirectory(settings.machinesDirectory, join(settings.stateDirectory, 'machines'));
  const refuse = (): Promise<never> => Promise.reject(new TypeError('listing starts no program'));
  try {
    return await listMachines({ machines, root: (path) => new TreeFiles(path, refuse), sizeOf }, size);
  } catch (error) {
    const mayAsk = MachinespawnError.is(error) && settings.machinesDirectory === systemDirectory;
    const told = mayAsk ? await askMachined() : null;
    if (told === null) throw error;
    return told;
  }
}

async function sizeOf(path: string): Promise<number | null> {
  const text = await outputOf('/usr/bin/du', ['-sx', '--block-size=1', path]);
  return text === null ? null : Number.parseInt(text, 10);
}

interface ToldImage {
  readonly name: string;
  readonly type: string;
  readonly ro: boolean;
  readonly usage: number | null;
  /** Microseconds since 1970; 0 for unknown. */
  readonly created: number;
}

/** Everybody may ask systemd-machined what images there are, but not look into them. */
async function askMachined(): Promise<readonly MachineSummary[] | null> {
  const images = await outputOf('/usr/bin/machinectl', ['list-images', '--no-pager', '--output=json']);
  const running = await outputOf('/usr/bin/machinectl', ['list', '--no-pager', '--output=json']);
  if (images === null || running === null) return null;
  const names = new Set((JSON.parse(running) as readonly { readonly machine: string }[]).map(({ machine }) => machine));
  return (JSON.parse(images) as readonly ToldImage[])
    .filter(({ name }) => !name.startsWith('.'))
    .map((image) => summaryOf(image, names.has(image.name)));
}

function summaryOf({ name, type, ro, usage, created }: ToldImage, isRunning: boolean): MachineSummary {
  const isRaw = type === 'raw';
  return {
    name,
    state: isRunning ? 'running' : 'stopped',
    type: isRaw ? 'raw' : type === 'subvolume' ? 'subvolume' : 'directory',
    os: null,
    arch: null,
    readOnly: ro,
    enabled: false,
    path: join(systemDirectory, isRaw ? `${name}.raw` : name),
    sizeBytes: usage,
    limitBytes: null,
    createdAt: created > 0 ? new Date(created / 1000).toISOString() : null,
    modifiedAt: null,
    machineId: null,
    addresses: [],
    leaderPid: null,
    settingsFile: null,
    origin: null,
  };
}

/** Null when the program is not there or fails. */
function outputOf(file: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(file, args, { env: { LC_ALL: 'C.UTF-8' }, timeout: 5000 }, (error, stdout) =>
      resolve(error === null ? stdout : null),
    );
  });
}
