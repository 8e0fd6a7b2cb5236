/** Packages on a pretended computer: real .deb files, really read; their files are written without a tar. */
import { chmodSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openDeb } from '../host/debs/read-deb.ts';
import { XzFilter } from '../host/debs/xz-filter.ts';
import type { DebFile, Debs, UnpackedDeb } from '../host/debs/debs.ts';
import { conffileEntries, md5 } from '../model/dpkg-database.ts';
import { listedPath } from '../model/package-entry.ts';
import { TarReader, type TarEntry } from '../model/tar-entry.ts';
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
        for (const [index, deb] of debs.entries()) {
          if (index === 1) inside();
          const { controlFiles, entries } = await readEntries(world, deb);
          const isLeftOut = options.leaveOut?.(deb, controlFiles) === true;
          if (!isLeftOut) for (const entry of entries) put(world.real(tree), entry);
          unpacked.push({ controlFiles, ...(isLeftOut ? nothing : summaryOf(controlFiles, entries)) });
          options.onUnpacked?.(deb, false);
        }
        return unpacked;
      }),
    write: (files, tree) =>
      moments.call(`write(${files.length} files, ${tree})`, 'writes', (inside) => {
        for (const [index, { path, content, mode, kind }] of files.entries()) {
          if (index === 1) inside();
          const type = kind === undefined ? 'file' : kind === 'directory' ? kind : 'symlink';
          const linkName = typeof kind === 'object' ? kind.symlink : '';
          const name = `./${path}`;
          const bytes = Buffer.from(content as Uint8Array);
          const entry = {
            name,
            path: `/${path}`,
            type,
            linkName,
            mode,
            mtime: 0,
            sizeBytes: 0,
            content: bytes,
          } as const;
          put(world.real(tree), entry);
        }
      }),
  };
}

const nothing = { paths: null, conffiles: {}, sizeBytes: 0 };

async function readEntries(world: World, deb: DebFile) {
  const xz = new XzFilter();
  const open = await openDeb({ ...deb, path: world.real(deb.path) }, xz);
  try {
    const entries: (TarEntry & { path: string; pieces: Buffer[] })[] = [];
    const reader = new TarReader(deb.name, {
      onEntry: (entry) => void entries.push({ ...entry, path: listedPath(entry, deb.name), pieces: [] }),
      onContent: (bytes) => void entries.at(-1)?.pieces.push(Buffer.from(bytes)),
    });
    for await (const bytes of open.data) reader.push(bytes);
    reader.end();
    await open.finish();
    const whole = entries.map(({ pieces, ...entry }) => ({ ...entry, content: Buffer.concat(pieces) }));
    return { controlFiles: open.controlFiles, entries: whole };
  } finally {
    await open.close();
    xz.close();
  }
}

function summaryOf(controlFiles: UnpackedDeb['controlFiles'], entries: readonly Entry[]) {
  const wanted = conffileEntries({ controlFiles }).map(({ path }) => path);
  const conffiles = entries.filter(({ path }) => wanted.includes(path));
  return {
    paths: entries.map(({ path, type }) => (type === 'directory' && path !== '/.' ? `${path}/` : path)),
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
