/** Packages on a pretended computer: real .deb files, really read; their files are written without a tar. */
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findMembers, readControl, type DebMember } from '../host/debs/read-deb.ts';
import { unpackMember } from '../host/debs/unpack-member.ts';
import type { DebFile, Debs, UnpackedDeb } from '../host/debs/debs.ts';
import { isUsualDirectory } from '../model/directory-attributes.ts';
import { conffileEntries, md5 } from '../model/dpkg-database.ts';
import { listedPath } from '../model/package-entry.ts';
import { TarReader, type TarEntry } from '../model/tar-entry.ts';
import type { TarFile } from '../model/tar-file.ts';
import { insideRoot } from './inside-root.ts';
import type { Moments } from './moments.ts';
import type { World } from './world.ts';

interface Entry extends TarEntry {
  readonly path: string;
  readonly content: Buffer;
}

export function pretendDebs(world: World, moments: Moments): Debs {
  return {
    unpack: (debs, tree, options = {}) =>
      moments.call(`unpack(${debs.map(({ name }) => name).join(' ')}, ${tree})`, 'writes', async (inside) => {
        const unpacked: UnpackedDeb[] = [];
        putOwn(world.real(tree), options.before ?? []);
        const read = await allOf(debs.map(async (deb) => ({ deb, ...(await readEntries(world, deb)) })));
        const isLeft = ({ deb, controlFiles }: (typeof read)[number]) => options.leaveOut?.(deb, controlFiles, null);
        const left = new Set(read.filter(isLeft).map(({ deb }) => deb));
        for (const [index, { deb, controlFiles, entries }] of read.entries()) {
          if (index === 1) inside();
          const summary = summaryOf(controlFiles, entries);
          const isLeftOut = left.has(deb) || options.leaveOut?.(deb, controlFiles, summary.paths) === true;
          if (!isLeftOut) for (const entry of entries) put(world.real(tree), entry);
          unpacked.push({ controlFiles, ...(isLeftOut ? nothing : summary) });
          options.onUnpacked?.(deb, false);
        }
        putOwn(world.real(tree), options.after?.(unpacked) ?? []);
        return unpacked;
      }),
    write: (files, tree) =>
      moments.call(`write(${files.length} files, ${tree})`, 'writes', (inside) => {
        putOwn(world.real(tree), files.slice(0, 1));
        inside();
        putOwn(world.real(tree), files.slice(1));
      }),
  };
}

/** One that fails ends it, but not before the others, which would read on in a computer that is gone. */
async function allOf<Value>(promises: readonly Promise<Value>[]): Promise<readonly Value[]> {
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}

const nothing = { paths: null, directories: {}, conffiles: {}, sizeBytes: 0 };

async function readEntries(world: World, { path, ...of }: DebFile) {
  const deb = { ...of, path: world.real(path) };
  const { control, data } = await findMembers(deb);
  const entries: (TarEntry & { path: string; pieces: Buffer[] })[] = [];
  const reader = new TarReader(deb.name, {
    onEntry: (entry) => void entries.push({ ...entry, path: listedPath(entry, deb.name), pieces: [] }),
    onContent: (bytes) => void entries.at(-1)?.pieces.push(Buffer.from(bytes)),
  });
  reader.push(await contentOf(deb, data));
  reader.end();
  const whole = entries.map(({ pieces, ...entry }) => ({ ...entry, content: Buffer.concat(pieces) }));
  return { controlFiles: readControl(await contentOf(deb, control), deb.name), entries: whole };
}

async function contentOf(deb: DebFile, member: DebMember): Promise<Buffer> {
  const directory = mkdtempSync(join(tmpdir(), 'pretended-deb-'));
  try {
    await unpackMember(deb, member, join(directory, 'member'));
    return readFileSync(join(directory, 'member'));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function putOwn(root: string, files: readonly TarFile[]): void {
  for (const { path, content, mode, kind } of files) {
    const type = kind === undefined ? 'file' : kind === 'directory' ? kind : 'symlink';
    const linkName = typeof kind === 'object' ? kind.symlink : '';
    const bytes = Buffer.from(content as Uint8Array);
    const entry = {
      name: `./${path}`,
      path: `/${path}`,
      type,
      linkName,
      mode,
      uid: 0,
      gid: 0,
      mtime: 0,
      sizeBytes: 0,
    } as const;
    put(root, { ...entry, content: bytes });
  }
}

function summaryOf(controlFiles: UnpackedDeb['controlFiles'], entries: readonly Entry[]) {
  const wanted = conffileEntries({ controlFiles }).map(({ path }) => path);
  const odd = entries.filter((entry) => entry.type === 'directory' && !isUsualDirectory(entry));
  const conffiles = entries.filter(({ path }) => wanted.includes(path));
  return {
    paths: entries.map(({ path, type }) => (type === 'directory' && path !== '/.' ? `${path}/` : path)),
    directories: Object.fromEntries(odd.map(({ path, mode, uid, gid }) => [path, { mode, uid, gid }])),
    conffiles: Object.fromEntries(conffiles.map(({ path, content }) => [path, md5(content)])),
    sizeBytes: entries.reduce((sum, { content }) => sum + content.length, 0),
  };
}

function put(root: string, { path, type, linkName, mode, content }: Entry): void {
  if (path === '/.') return;
  if (type === 'directory') {
    mkdirSync(insideRoot(root, path, true), { recursive: true });
    return;
  }
  const real = insideRoot(root, path, false);
  mkdirSync(dirname(real), { recursive: true });
  rmSync(real, { force: true });
  if (type === 'symlink') symlinkSync(linkName, real);
  else if (type === 'link') linkSync(insideRoot(root, join('/', linkName), false), real);
  else {
    writeFileSync(real, content);
    chmodSync(real, mode);
  }
}
