/** Looks at a .deb: is it the one that was promised, and where in it are its members? */
import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { fail } from '../../errors/machinespawn-error.ts';
import { arHeadBytes, arMagic, parseArHead } from '../../model/ar-member.ts';
import { TarReader } from '../../model/tar-entry.ts';
import { unreadable } from '../file-error.ts';
import type { DebFile, PackageFile } from './debs.ts';
import { readThrough } from './read-through.ts';

export interface DebMember {
  /** Such as "data.tar.xz". */
  readonly name: string;
  /** Where it begins in the .deb. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Its two archives. Throws MSP_PACKAGE_CORRUPT when the digest is another, MSP_PACKAGE_BROKEN, MSP_FILE_UNREADABLE. */
export async function findMembers(deb: DebFile): Promise<{ readonly control: DebMember; readonly data: DebMember }> {
  const hash = createHash('sha256');
  // Of the whole, and before anything of it is believed.
  await readThrough(deb.path, (bytes) => void hash.update(bytes));
  if (hash.digest('hex') !== deb.sha256) throw fail('MSP_PACKAGE_CORRUPT', { text: deb.path, mirror: 'the cache' });
  const file = await open(deb.path).catch((error: unknown) => {
    throw unreadable(deb.path, error);
  });
  try {
    return await walkMembers(file, deb.name);
  } finally {
    await file.close();
  }
}

async function walkMembers(file: FileHandle, of: string) {
  const broken = (problem: string) => fail('MSP_PACKAGE_BROKEN', { package: of, problem });
  const { size } = await file.stat();
  const read = async (offset: number, bytes: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, offset);
    return buffer.subarray(0, bytesRead);
  };
  let at = arMagic.length;
  const nextMember = async (isWanted: (member: string) => boolean): Promise<DebMember> => {
    for (;;) {
      const head = await read(at, arHeadBytes);
      const member = parseArHead(head);
      if (member === null) throw broken(head.length === 0 ? 'it ends too early' : 'it is no ar archive');
      const offset = at + arHeadBytes;
      if (offset + member.sizeBytes > size) throw broken('it ends too early');
      at = offset + member.sizeBytes + (member.sizeBytes % 2);
      if (isWanted(member.name)) return { ...member, offset };
      // deb(5): what begins with an underscore may be passed over.
      if (!member.name.startsWith('_')) throw broken(`it has the unknown member ${member.name}`);
    }
  };
  if ((await read(0, at)).toString('latin1') !== arMagic) throw broken('it is no ar archive');
  const version = await nextMember((member) => member === 'debian-binary');
  const text = (await read(version.offset, Math.min(version.sizeBytes, 20))).toString('latin1');
  if (!text.startsWith('2.')) throw broken(`its format is ${text.trim()}, not 2.0`);
  const control = await nextMember((member) => member.startsWith('control.tar'));
  return { control, data: await nextMember((member) => member.startsWith('data.tar')) };
}

/** Files of the control member, `control` among them. Throws MSP_PACKAGE_BROKEN, MSP_PACKAGE_HOSTILE. */
export function readControl(tar: Buffer, of: string): readonly PackageFile[] {
  const files: { name: string; mode: number; mtime: number; pieces: Buffer[] }[] = [];
  const reader = new TarReader(of, {
    onEntry: ({ name, type, mode, mtime }) => {
      const plain = name.replace(/^\.\//u, '');
      if (type === 'directory' && (plain === '' || plain === '.')) return;
      if (type !== 'file' || !/^[A-Za-z0-9_+.-]+$/u.test(plain) || plain.startsWith('.'))
        throw fail('MSP_PACKAGE_HOSTILE', { package: of, entry: name, problem: 'it has no place among control files' });
      files.push({ name: plain, mode, mtime, pieces: [] });
    },
    onContent: (bytes) => void files.at(-1)?.pieces.push(bytes),
  });
  reader.push(tar);
  reader.end();
  return files.map(({ pieces, ...file }) => ({ ...file, content: Buffer.concat(pieces) }));
}
