/** Reads a .deb once, from its start to its end: the control member whole, the data member as a stream. */
import { createHash } from 'node:crypto';
import { fail } from '../../errors/machinespawn-error.ts';
import { arHeadBytes, arMagic, parseArHead, type ArMember } from '../../model/ar-member.ts';
import { TarReader } from '../../model/tar-entry.ts';
import { xzUnpackedBytes } from '../../model/xz-size.ts';
import type { DebFile, PackageFile } from './debs.ts';
import { ByteSource } from './byte-source.ts';
import { decompressorOf } from './decompress.ts';
import { XzFilter } from './xz-filter.ts';

/** Control members are small; the largest in Debian has less than 10 MiB. */
const mostControlBytes = 64 * 1024 * 1024;
/** An index has a few bytes for each block of 24 MiB and more. */
const mostIndexBytes = 4096;

export interface OpenDeb {
  /** Files of the control member, `control` among them. */
  readonly controlFiles: readonly PackageFile[];
  /** The data member as a tar stream. */
  readonly data: AsyncIterable<Buffer>;
  /** After `data`: reads what is left. Throws MSP_PACKAGE_CORRUPT when the file is another than was promised. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** `xz` serves one package after another; the caller closes it. Throws MSP_PACKAGE_BROKEN, MSP_PACKAGE_COMPRESSION, MSP_FILE_UNREADABLE. */
export async function openDeb({ name, path, sha256 }: DebFile, xz: XzFilter): Promise<OpenDeb> {
  const hash = createHash('sha256');
  const source = new ByteSource(path, (bytes) => void hash.update(bytes));
  const broken = (problem: string) => fail('MSP_PACKAGE_BROKEN', { package: name, problem });
  const finish = async (): Promise<void> => {
    await source.drain();
    if (hash.digest('hex') !== sha256) throw fail('MSP_PACKAGE_CORRUPT', { text: path, mirror: 'the cache' });
  };
  /** Damage is told from what somebody altered or a download left behind: the digest says which. */
  const rethrow = async (error: unknown): Promise<never> => {
    try {
      await finish();
    } finally {
      await source.close();
    }
    throw error;
  };
  const nextMember = async (isWanted: (member: string) => boolean): Promise<ArMember> => {
    for (;;) {
      const head = await source.take(arHeadBytes);
      const member = parseArHead(head);
      if (member === null) throw broken(head.length === 0 ? 'it ends too early' : 'it is no ar archive');
      if (isWanted(member.name)) return member;
      // deb(5): what begins with an underscore may be passed over.
      if (!member.name.startsWith('_')) throw broken(`it has the unknown member ${member.name}`);
      await skip(source, member.sizeBytes + (member.sizeBytes % 2));
    }
  };
  const unpack = async (member: ArMember, stem: 'control' | 'data'): Promise<AsyncIterable<Buffer>> => {
    const decompress = decompressorOf(member.name, stem, name);
    const packed = source.stream(member.sizeBytes);
    if (!member.name.endsWith('.xz')) return decompress(packed);
    const tailBytes = Math.min(member.sizeBytes, mostIndexBytes);
    const tail = await source.peek(member.sizeBytes - tailBytes, tailBytes);
    const unpackedBytes = xzUnpackedBytes(tail, member.sizeBytes);
    return unpackedBytes === null ? decompress(packed) : xz.decompress(packed, unpackedBytes, name);
  };
  try {
    if ((await source.take(arMagic.length)).toString('latin1') !== arMagic) throw broken('it is no ar archive');
    const version = await nextMember((member) => member === 'debian-binary');
    const text = (await source.take(version.sizeBytes + (version.sizeBytes % 2))).toString('latin1');
    if (!text.startsWith('2.')) throw broken(`its format is ${text.trim().slice(0, 20)}, not 2.0`);
    const control = await nextMember((member) => member.startsWith('control.tar'));
    const controlFiles = await readControl(await unpack(control, 'control'), name);
    await skip(source, control.sizeBytes % 2);
    const data = await nextMember((member) => member.startsWith('data.tar'));
    return {
      controlFiles,
      data: watched(await unpack(data, 'data'), rethrow),
      finish,
      close: async () => await source.close(),
    };
  } catch (error) {
    return await rethrow(error);
  }
}

async function* watched(
  data: AsyncIterable<Buffer>,
  rethrow: (error: unknown) => Promise<never>,
): AsyncGenerator<Buffer, void> {
  try {
    yield* data;
  } catch (error) {
    await rethrow(error);
  }
}

async function skip(source: ByteSource, bytes: number): Promise<void> {
  for await (const piece of source.stream(bytes)) void piece;
}

async function readControl(tar: AsyncIterable<Buffer>, of: string): Promise<readonly PackageFile[]> {
  const files: { name: string; mode: number; mtime: number; pieces: Buffer[] }[] = [];
  const reader = new TarReader(of, {
    onEntry: ({ name, type, mode, mtime }) => {
      const plain = name.replace(/^\.\//u, '');
      if (type === 'directory' && (plain === '' || plain === '.')) return;
      if (type !== 'file' || !/^[A-Za-z0-9_+.-]+$/u.test(plain) || plain.startsWith('.'))
        throw fail('MSP_PACKAGE_HOSTILE', { package: of, entry: name, problem: 'it has no place among control files' });
      files.push({ name: plain, mode, mtime, pieces: [] });
    },
    onContent: (bytes) => void files.at(-1)?.pieces.push(Buffer.from(bytes)),
  });
  let size = 0;
  for await (const bytes of tar) {
    size += bytes.length;
    if (size > mostControlBytes)
      throw fail('MSP_PACKAGE_BROKEN', { package: of, problem: 'its control member is too large' });
    reader.push(bytes);
  }
  reader.end();
  return files.map(({ pieces, ...file }) => ({ ...file, content: Buffer.concat(pieces) }));
}
