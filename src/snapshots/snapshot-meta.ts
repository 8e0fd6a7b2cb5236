import { createHash, randomBytes } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import { isMissing, pathExists } from './path-exists.ts';
import type { DriverName, SnapshotInfo } from './snapshot-store.ts';

const metaFormat = 1;
const metaName = 'meta.json';

/** The record beside a committed tree. It is written last, so a tree without it was never committed, or is damaged. */
export interface SnapshotMeta extends SnapshotInfo {
  /** Of the layer itself: see metadata-digest.ts. */
  readonly digest: string;
  /** The parent's `digest` when this was made: a layer fits on that very parent only. */
  readonly parentDigest: string | null;
  /** Does the layer need its parent's layer below it? */
  readonly stacked: boolean;
  /** The boot in which it was made, as long as it is not known to be on the disk. */
  readonly unsyncedIn?: string;
}

/** The record of a tree that nobody waited for, until it was measured. It counts in the boot in which it was made. */
export type UnmeasuredMeta = Omit<SnapshotMeta, 'sizeBytes' | 'digest' | 'parentDigest' | 'unsyncedIn'> & {
  readonly unsyncedIn: string;
};

export type StoredMeta = SnapshotMeta | UnmeasuredMeta;

export function isMeasured(meta: StoredMeta): meta is SnapshotMeta {
  return 'digest' in meta;
}

export function encodeMeta(meta: StoredMeta): string {
  const body = { format: metaFormat, ...meta };
  return `${JSON.stringify({ ...body, checksum: checksum(body) }, null, 2)}\n`;
}

/** Throws MSP_SNAPSHOT_DAMAGED. */
export function decodeMeta(text: string, key: string, driver: DriverName): StoredMeta {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw fail('MSP_SNAPSHOT_DAMAGED', { key, problem: `${metaName} is no JSON` }, error);
  }
  if (typeof value !== 'object' || value === null || !('checksum' in value) || !('format' in value)) {
    throw fail('MSP_SNAPSHOT_DAMAGED', { key, problem: `${metaName} has no format or checksum` });
  }
  const { checksum: recorded, ...body } = value;
  if (recorded !== checksum(body)) {
    throw fail('MSP_SNAPSHOT_DAMAGED', { key, problem: `${metaName} does not fit its checksum` });
  }
  if (body.format !== metaFormat) {
    throw fail('MSP_SNAPSHOT_DAMAGED', { key, problem: `${metaName} has the unknown format ${String(body.format)}` });
  }
  const { format: _format, ...meta } = body;
  // Our checksum over our format: the shape is what encodeMeta wrote.
  const decoded = meta as unknown as StoredMeta;
  if (decoded.key !== key || decoded.driver !== driver) {
    throw fail('MSP_SNAPSHOT_DAMAGED', { key, problem: `${metaName} belongs to ${decoded.driver}/${decoded.key}` });
  }
  return decoded;
}

function checksum(body: object): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}

/** Durable when it returns, unless that is not wanted. */
export async function writeMeta(place: string, meta: StoredMeta, { durable }: { readonly durable: boolean }) {
  // Two processes may complete a record at once.
  const scratch = join(place, `${metaName}.${randomBytes(4).toString('hex')}`);
  const file = await open(scratch, 'w', 0o600);
  try {
    await file.writeFile(encodeMeta(meta));
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
  await rename(scratch, join(place, metaName));
  if (durable) await syncDirectory(place);
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Null when there is no such place. Throws MSP_SNAPSHOT_DAMAGED when there is one without a valid record. */
export async function readMeta(place: string, key: string, driver: DriverName): Promise<StoredMeta | null> {
  let text: string;
  try {
    text = await readFile(join(place, metaName), 'utf8');
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (!(await pathExists(place))) return null;
    throw fail('MSP_SNAPSHOT_DAMAGED', { key, problem: `${metaName} is missing` }, error);
  }
  return decodeMeta(text, key, driver);
}
