/** Takes packages out of their .debs and keeps them, or finds them kept. */
import { readFile, rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { crc32 } from 'node:zlib';
import { fail, type MachinespawnError } from '../../errors/machinespawn-error.ts';
import { conffileEntries } from '../../model/dpkg-database.ts';
import type { DebFile, LeaveOut, PackageFile, UnpackedDeb } from './debs.ts';
import { EntryWatch } from './entry-watch.ts';
import { findMembers, readControl } from './read-deb.ts';
import { readThrough } from './read-through.ts';
import { cutMember, unpackMember, xzEndingOf } from './unpack-member.ts';
import type { PackageKeeper, UnpackedStore } from './unpacked-store.ts';

/** Control members are small; the largest in Debian has less than 10 MiB. */
const mostControlBytes = 64 * 1024 * 1024;

export interface KeptDeb {
  readonly unpacked: UnpackedDeb;
  /** Path of the data member, a tar file without anything hostile; null when it was left out. */
  readonly file: string | null;
  readonly isFromCache: boolean;
}

export interface KeepSettings {
  readonly store: UnpackedStore;
  /** Has xz decompress files of the store beside them; answers "ok", or what is wrong. */
  readonly unpackXz: (names: readonly string[]) => Promise<string>;
  /** Is only its control member wanted? */
  readonly leaveOut: LeaveOut;
}

/** A package on its way into the store. */
interface Coming {
  readonly deb: DebFile;
  readonly place: PackageKeeper;
  /** Its control member. */
  readonly control: string;
}

/**
 * One xz program for all of them. Nothing is kept of a .deb that is not what was promised. Answers in the order given.
 * Throws MSP_PACKAGE_CORRUPT, MSP_PACKAGE_BROKEN, MSP_PACKAGE_HOSTILE, MSP_PACKAGE_COMPRESSION, MSP_FILE_UNREADABLE,
 * MSP_FILE_UNWRITABLE, MSP_DISK_FULL, and what `unpackXz` throws.
 */
export async function keepDebs(debs: readonly DebFile[], settings: KeepSettings): Promise<readonly KeptDeb[]> {
  const { store, unpackXz } = settings;
  const kept = new Map<DebFile, KeptDeb>();
  const coming: Coming[] = [];
  await forAll(debs, async (deb) => {
    const known = await findKept(deb, settings);
    if (known !== null) return void kept.set(deb, known);
    const place = store.create(deb.sha256);
    coming.push({ deb, place, control: `${place.path}-control` });
  });
  const packed: Packed[] = [];
  try {
    await forAll(coming, async (one) => await takeOut(one, packed));
    if (packed.length > 0) {
      const answer = await unpackXz(packed.map(({ path }) => basename(path)));
      if (answer !== 'ok') throw explain(answer, packed, store.directory);
    }
    await forAll(coming, async (one) => void kept.set(one.deb, await keep(one, settings)));
  } finally {
    const left = [...packed, ...coming.flatMap(({ place, control }) => [place, { path: control }])];
    await Promise.all(left.map(async ({ path }) => await rm(path, { force: true })));
  }
  return debs.map((deb) => kept.get(deb) as KeptDeb);
}

/** Waits for all of them, even when one fails: then it throws the first failure. */
async function forAll<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const ended = await Promise.allSettled(items.map(act));
  const failed = ended.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

async function findKept(deb: DebFile, { store, leaveOut }: KeepSettings): Promise<KeptDeb | null> {
  const kept = await store.find(deb.sha256);
  if (kept === null) return null;
  const { controlFiles } = kept.record;
  if (leaveOut(deb, controlFiles, null)) return { unpacked: withoutData(controlFiles), file: null, isFromCache: true };
  return (await kept.isSound()) ? { unpacked: kept.record, file: kept.file, isFromCache: true } : null;
}

/** A member for xz. */
interface Packed {
  readonly deb: DebFile;
  readonly path: string;
}

/** What xz is not for is unpacked at once. */
async function takeOut({ deb, place, control }: Coming, packed: Packed[]): Promise<void> {
  const members = await findMembers(deb);
  for (const [member, to] of [
    [members.control, control],
    [members.data, place.path],
  ] as const) {
    const ending = xzEndingOf(member);
    if (ending === null) await unpackMember(deb, member, to);
    else {
      packed.push({ deb, path: `${to}${ending}` });
      await cutMember(deb, member, `${to}${ending}`);
    }
  }
}

/** xz names the file that is broken. */
function explain(answer: string, packed: readonly Packed[], place: string): MachinespawnError {
  if (/No space left on device|Disk quota exceeded/u.test(answer)) return fail('MSP_DISK_FULL', { path: place });
  const [one, ...others] = packed.filter(({ path }) => answer.includes(basename(path)));
  const name = one === undefined || others.length > 0 ? packed.map(({ deb }) => deb.name).join(', ') : one.deb.name;
  const problem = `a member cannot be decompressed: ${one === undefined ? answer : answer.replaceAll(basename(one.path), 'it')}`;
  return fail('MSP_PACKAGE_BROKEN', { package: name, problem });
}

async function keep({ deb, place, control }: Coming, { leaveOut }: KeepSettings): Promise<KeptDeb> {
  if ((await stat(control)).size > mostControlBytes)
    throw fail('MSP_PACKAGE_BROKEN', { package: deb.name, problem: 'its control member is too large' });
  const controlFiles = readControl(await readFile(control), deb.name);
  if (leaveOut(deb, controlFiles, null)) return { unpacked: withoutData(controlFiles), file: null, isFromCache: false };
  const conffiles = conffileEntries({ controlFiles }).map(({ path }) => path);
  const seen = new EntryWatch(deb.name, conffiles);
  let crc = 0;
  await readThrough(place.path, (bytes) => {
    crc = crc32(bytes, crc);
    seen.push(bytes);
  });
  const unpacked = { controlFiles, ...seen.end() };
  return { unpacked, file: await place.commit(unpacked, crc), isFromCache: false };
}

/** What is known of a package whose data member was left out. */
export function withoutData(controlFiles: readonly PackageFile[]): UnpackedDeb {
  return { controlFiles, paths: null, directories: {}, conffiles: {}, sizeBytes: 0 };
}
