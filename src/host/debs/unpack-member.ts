/** Takes members out of packages, into files of their own. */
import { createReadStream } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { unreadable, unwritable } from '../file-error.ts';
import type { DebFile } from './debs.ts';
import { decompressorOf } from './decompress.ts';
import type { DebMember } from './read-deb.ts';
import { readThrough } from './read-through.ts';

const pieceBytes = 256 * 1024;

/** What the xz program decompresses, by the end of the member's name; it takes the name of a file that has no other. */
export function xzEndingOf({ name }: DebMember): '.xz' | '.lzma' | null {
  return (['.xz', '.lzma'] as const).find((ending) => name.endsWith(`.tar${ending}`)) ?? null;
}

/** Writes a member as it is to the new file `to`. Throws MSP_FILE_UNREADABLE, MSP_FILE_UNWRITABLE, MSP_DISK_FULL. */
export async function cutMember(deb: DebFile, { offset, sizeBytes }: DebMember, to: string): Promise<void> {
  const file = await open(to, 'wx', 0o600).catch((error: unknown) => {
    throw unwritable(to, error);
  });
  try {
    const write = async (bytes: Buffer): Promise<void> => {
      await file.writeFile(bytes).catch((error: unknown) => {
        throw unwritable(to, error);
      });
    };
    await readThrough(deb.path, write, { start: offset, sizeBytes });
  } finally {
    await file.close();
  }
}

/** The file is opened when the first piece is asked for: before that, nobody would hear that it cannot be. */
async function* piecesOf(path: string, { offset, sizeBytes }: DebMember): AsyncGenerator<Buffer> {
  const range = { start: offset, end: offset + sizeBytes - 1, highWaterMark: pieceBytes };
  try {
    yield* createReadStream(path, range) as AsyncIterable<Buffer>;
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Writes a member, decompressed, to the new file `to`. Throws MSP_PACKAGE_BROKEN, MSP_PACKAGE_COMPRESSION, too. */
export async function unpackMember(deb: DebFile, member: DebMember, to: string): Promise<void> {
  const decompress = decompressorOf(member.name, deb.name);
  try {
    await writeFile(to, decompress(piecesOf(deb.path, member)), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw unwritable(to, error);
  }
}
