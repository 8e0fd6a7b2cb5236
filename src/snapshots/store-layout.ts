import { join } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';

/** Names inside `<snapshots>/<driver>/`: committed places by key, and two folders beside them. */
export interface StoreLayout {
  readonly base: string;
  /** Places in the making, and looks at committed ones: one directory each, with its owner's record. */
  readonly pending: string;
  /** What was renamed here is garbage. */
  readonly trash: string;
}

const keyForm = /^[0-9a-f]{64}$/u;
const idForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$/u;

export function createLayout(base: string): StoreLayout {
  return { base, pending: join(base, 'pending'), trash: join(base, 'trash') };
}

export function isKey(name: string): boolean {
  return keyForm.test(name);
}

/** Throws MSP_SNAPSHOT_MISSING for what cannot be a key. */
export function placeOf(layout: StoreLayout, key: string): string {
  if (!isKey(key)) throw fail('MSP_SNAPSHOT_MISSING', { key });
  return join(layout.base, key);
}

export function pendingPlaceOf(layout: StoreLayout, id: string): string {
  if (!idForm.test(id)) throw new TypeError(`"${id}" cannot be the id of a snapshot in the making`);
  return join(layout.pending, id);
}
