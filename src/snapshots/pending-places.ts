import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import { isAlive, isSameProcess, type ProcessOwner, readThisProcess } from './process-owner.ts';
import type { StoreLayout } from './store-layout.ts';

const ownerName = 'owner.json';
const newPrefix = '.new';

/** Who works in a pending place, and which snapshot that needs. */
export interface PendingOwner {
  readonly owner: ProcessOwner;
  readonly needs: string | null;
}

/** Makes an empty place that names this process as its owner from its first moment on. It must not exist. */
export async function claimPlace(layout: StoreLayout, place: string, needs: string | null): Promise<void> {
  const owner = await readThisProcess();
  // The owner is in the name until it is in the place.
  const name = [newPrefix, owner.pid, owner.startTicks, owner.bootId, randomBytes(8).toString('hex')].join('_');
  const fresh = join(layout.pending, name);
  await mkdir(fresh, 0o700);
  await writeFile(join(fresh, ownerName), JSON.stringify({ owner, needs } satisfies PendingOwner), { mode: 0o600 });
  await rename(fresh, place);
}

/** Null when the place names no owner. */
async function readOwner(place: string): Promise<PendingOwner | null> {
  try {
    return JSON.parse(await readFile(join(place, ownerName), 'utf8')) as PendingOwner;
  } catch {
    return null;
  }
}

/** Throws MSP_LOCK_BUSY when another living process works in the place. */
export async function refuseOthersPlace(place: string, id: string): Promise<void> {
  const record = await readOwner(place);
  if (record === null || isSameProcess(record.owner, await readThisProcess())) return;
  if (!(await isAlive(record.owner))) return;
  throw fail('MSP_LOCK_BUSY', { lock: `snapshot in the making ${id}`, holder: `process ${record.owner.pid}` });
}

/** What living processes need, and the places that dead ones left. */
export async function surveyPending(
  layout: StoreLayout,
): Promise<{ readonly needed: ReadonlySet<string>; readonly abandoned: readonly string[] }> {
  const needed = new Set<string>();
  const abandoned: string[] = [];
  for (const name of await readdir(layout.pending)) {
    const place = join(layout.pending, name);
    const record = name.startsWith(newPrefix) ? ownerInName(name) : await readOwner(place);
    if (record === null || !(await isAlive(record.owner))) abandoned.push(place);
    else if (record.needs !== null) needed.add(record.needs);
  }
  return { needed, abandoned };
}

function ownerInName(name: string): PendingOwner {
  const [, pid, startTicks, bootId = ''] = name.split('_');
  return { owner: { pid: Number(pid), startTicks: Number(startTicks), bootId }, needs: null };
}
