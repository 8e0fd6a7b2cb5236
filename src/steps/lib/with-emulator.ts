/** Lets programs of another architecture run in a tree where the kernel looks for their emulator inside of it. */
import { posix } from 'node:path';
import type { Command, RootFiles } from '../../host/services.ts';
import type { Arch } from '../../model/arch.ts';
import type { Context } from '../define-step.ts';

export type Binds = NonNullable<Command['binds']>;

/**
 * Runs `work` with what has to be bound into the tree for it. A bind mount needs something to lie upon: an empty file, with
 * its directories, is there for the time of the work. One that was left by a work that was cut off goes, too.
 */
export async function withEmulator<T>(
  { services }: Pick<Context, 'services'>,
  root: RootFiles,
  arch: Arch,
  work: (binds: Binds) => Promise<T>,
): Promise<T> {
  const { emulatorToBind } = await services.facts.canRun(arch);
  // A tree that has an emulator of its own runs with that.
  if (emulatorToBind === undefined || !(await isMissingOrEmpty(root, emulatorToBind))) return await work([]);
  const directory = await missingDirectory(root, emulatorToBind);
  try {
    await root.writeText(emulatorToBind, '');
    return await work([{ from: emulatorToBind, to: `${root.path}${emulatorToBind}`, readOnly: true }]);
  } finally {
    await root.remove(emulatorToBind);
    await removeEmpty(root, directory ?? posix.dirname(emulatorToBind), posix.dirname(emulatorToBind));
  }
}

async function isMissingOrEmpty(root: RootFiles, path: string): Promise<boolean> {
  const info = await root.info(path);
  return info === null || (info.type === 'file' && info.sizeBytes === 0);
}

/** The uppermost directory of the path that is not there; null when all are. */
async function missingDirectory(root: RootFiles, path: string): Promise<string | null> {
  let missing: string | null = null;
  for (let place = posix.dirname(path); place !== '/'; place = posix.dirname(place)) {
    if ((await root.info(place)) === null) missing = place;
  }
  return missing;
}

/** From `lowest` up to `top`, as far as nothing else is in there by now. */
async function removeEmpty(root: RootFiles, top: string, lowest: string): Promise<void> {
  for (let place = lowest; place.startsWith(top) && place !== '/'; place = posix.dirname(place)) {
    if ((await root.info(place))?.type !== 'directory' || (await root.list(place)).length > 0) return;
    await root.remove(place);
  }
}
