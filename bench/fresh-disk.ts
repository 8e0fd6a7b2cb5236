/** A file system of its own for a measurement: a sync in it waits for nobody else's data, and it is always as empty. */
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runProgram } from './program.ts';

const diskBytes = 24 * 1024 ** 3;

export interface FreshDisk {
  readonly path: string;
  release(): Promise<void>;
}

const makers = {
  // Tables are written now and not by a thread of the kernel in the middle of a measurement.
  ext4: ['mkfs.ext4', '-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', '-N', '1500000'],
  btrfs: ['mkfs.btrfs', '--quiet'],
} as const;

/** A file system on a loop device, whose file lies in `work`. Its barriers reach the real disk. */
export async function freshDisk(work: string, format: keyof typeof makers = 'ext4'): Promise<FreshDisk> {
  const [image, path] = [`${work}/${format}.img`, `${work}/${format}`];
  mkdirSync(path);
  writeFileSync(image, '');
  truncateSync(image, diskBytes);
  await runProgram([...makers[format], image]);
  await runProgram(['mount', '-o', 'loop', image, path]);
  // A contender may remove its directory, but not a mount point.
  const inside = `${path}/work`;
  mkdirSync(inside);
  return { path: inside, release: async () => unmount(path) };
}

/** A program that was just ended may hold it for another moment. */
async function unmount(path: string, tries = 20): Promise<void> {
  try {
    await runProgram(['umount', path]);
  } catch (error) {
    if (tries === 0) throw error;
    await sleep(250);
    await unmount(path, tries - 1);
  }
}
