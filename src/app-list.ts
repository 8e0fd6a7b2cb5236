/** `list` without the engine: it must answer in the time of two bare starts of Node. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { listMachines } from './app-machines.ts';
import type { MachineSummary, Settings } from './app-types.ts';
import { MachinesDirectory } from './host/machines.ts';
import { TreeFiles } from './host/root-files.ts';

/** Throws MSP_FILE_UNREADABLE where only root may look. */
export function listMachinesOf(settings: Settings, size: boolean): Promise<readonly MachineSummary[]> {
  const machines = new MachinesDirectory(settings.machinesDirectory, join(settings.stateDirectory, 'machines'));
  const refuse = (): Promise<never> => Promise.reject(new TypeError('listing starts no program'));
  return listMachines({ machines, root: (path) => new TreeFiles(path, refuse), sizeOf }, size);
}

function sizeOf(path: string): Promise<number | null> {
  return new Promise((resolve) => {
    execFile('/usr/bin/du', ['-sx', '--block-size=1', path], (error, stdout) => {
      resolve(error === null ? Number.parseInt(stdout, 10) : null);
    });
  });
}
