import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import type { FileInfo, Files, Memory, RootFiles } from '../host/services.ts';
import type { FakeHost } from './fake-host.ts';
import { insideRoot } from './inside-root.ts';
import type { Moments } from './moments.ts';
import { removeTree } from './tree-files.ts';
import { directories, type World } from './world.ts';

export function pretendFiles(world: World, moments: Moments, host: FakeHost): Files {
  const freeBytes = host.freeBytes ?? 100 * 2 ** 30;
  const at = (path: string): string => insideRoot(world.root, path, true);
  return {
    readText: (path) =>
      moments.call(`readText(${path})`, 'reads', () => {
        const text = world.read(path);
        if (text === null) throw fail('MSP_FILE_UNREADABLE', { path, problem: 'there is no such file' });
        return text;
      }),
    info: (path) => moments.call(`info(${path})`, 'reads', () => fileInfo(insideRoot(world.root, path, false))),
    sha256: (path) =>
      moments.call(`sha256(${path})`, 'reads', () => {
        const content = contentOf(insideRoot(world.root, path, false));
        return content === null ? null : createHash('sha256').update(content).digest('hex');
      }),
    list: (path) => moments.call(`list(${path})`, 'reads', () => namesIn(at(path))),
    writeText: (path, text, options) =>
      moments.call(`writeText(${path})`, 'writes', () => {
        if (!existsSync(dirname(at(path))))
          throw fail('MSP_FILE_UNWRITABLE', { path, problem: 'there is no such directory' });
        writeWhole(
          at(path),
          typeof text === 'string' ? text : Buffer.concat([...text].map((part) => Buffer.from(part))),
          options?.mode,
        );
      }),
    writeBytes: (path, bytes) =>
      moments.call(`writeBytes(${path})`, 'writes', () => {
        if (!existsSync(dirname(at(path))))
          throw fail('MSP_FILE_UNWRITABLE', { path, problem: 'there is no such directory' });
        writeWhole(at(path), bytes instanceof Uint8Array ? bytes : Buffer.concat([...bytes]));
      }),
    makeDirectory: (path, options) =>
      moments.call(`makeDirectory(${path})`, 'writes', () => makeDirectory(at(path), options?.mode)),
    publish: (from, to) =>
      moments.call(`publish(${from}, ${to})`, 'writes', () => {
        if (!world.has(from)) throw fail('MSP_FILE_UNWRITABLE', { path: to, problem: `there is no ${from}` });
        if (world.has(to)) throw fail('MSP_FILE_UNWRITABLE', { path: to, problem: 'it exists' });
        renameSync(insideRoot(world.root, from, false), insideRoot(world.root, to, false));
      }),
    link: (from, to) =>
      moments.call(`link(${from}, ${to})`, 'writes', () => {
        if (!world.has(from)) throw fail('MSP_FILE_UNWRITABLE', { path: to, problem: `there is no ${from}` });
        const [file, name] = [insideRoot(world.root, from, false), insideRoot(world.root, to, false)];
        rmSync(name, { force: true });
        linkSync(file, name);
      }),
    remove: (path) =>
      moments.call(`remove(${path})`, 'writes', (inside) => removeTree(insideRoot(world.root, path, false), inside)),
    freeBytes: (path) => moments.call(`freeBytes(${path})`, 'reads', () => freeBytes),
    digest: (path) =>
      moments.call(`digest(${path})`, 'reads', () => {
        const content = contentOf(at(path));
        if (content === null) throw fail('MSP_FILE_UNREADABLE', { path, problem: 'there is no such file' });
        return { sha256: digestOf(content), sizeBytes: content.length };
      }),
    takeInput: (options) =>
      moments.call('takeInput', 'writes', (inside) => {
        const content = Buffer.from(host.stdin ?? '');
        const [partial, sha256] = [insideRoot(world.root, options.partial, false), digestOf(content)];
        mkdirSync(dirname(partial), { recursive: true });
        writeFileSync(partial, content.subarray(0, content.length / 2));
        inside();
        writeFileSync(partial, content);
        renameSync(partial, insideRoot(world.root, options.path(sha256), false));
        return { sha256, sizeBytes: content.length };
      }),
  };
}

export function pretendMemory(world: World, moments: Moments): Memory {
  const pathOf = (name: string): string => `${directories.cache}/${name}`;
  return {
    recall: (name) =>
      moments.call(`recall(${name})`, 'reads', () => {
        const data = contentOf(insideRoot(world.root, pathOf(name), true));
        return data === null ? null : { data, path: pathOf(name) };
      }),
    keep: (name, data) =>
      moments.call(`keep(${name})`, 'writes', () => {
        const real = insideRoot(world.root, pathOf(name), true);
        mkdirSync(dirname(real), { recursive: true });
        writeWhole(real, data);
        return pathOf(name);
      }),
  };
}

/** Files below `path`. `readOnly`: a committed tree, which must never change. */
export function pretendRootFiles(world: World, moments: Moments, path: string, readOnly = false): RootFiles {
  const root = world.real(path);
  const at = (inner: string): string => insideRoot(root, inner, true);
  const atLink = (inner: string): string => insideRoot(root, inner, false);
  const change = <T>(what: string, act: (inside: () => void) => T): Promise<T> => {
    if (readOnly) throw new TypeError(`a step may not change a committed tree: ${what}`);
    return moments.call(what, 'writes', act);
  };
  return {
    path,
    resolve: (inner) =>
      moments.call(`resolve(${path}:${inner})`, 'reads', () => `${path}${at(inner).slice(root.length)}`),
    readText: (inner) =>
      moments.call(`readText(${path}:${inner})`, 'reads', () => contentOf(at(inner))?.toString('utf8') ?? null),
    readStart: (inner, bytes) =>
      moments.call(`readStart(${path}:${inner})`, 'reads', () => contentOf(at(inner))?.subarray(0, bytes) ?? null),
    info: (inner) => moments.call(`info(${path}:${inner})`, 'reads', () => fileInfo(atLink(inner))),
    list: (inner) => moments.call(`list(${path}:${inner})`, 'reads', () => namesIn(at(inner))),
    writeText: (inner, text, options) =>
      change(`writeText(${path}:${inner})`, () => {
        // As a rename does: a last symlink is replaced, not followed.
        const real = replaced(atLink(inner));
        writeWhole(real, text, options?.mode);
      }),
    symlink: (inner, target) =>
      change(`symlink(${path}:${inner})`, () => {
        symlinkSync(target, replaced(atLink(inner)));
      }),
    remove: (inner) => change(`remove(${path}:${inner})`, (inside) => removeTree(atLink(inner), inside)),
    makeDirectory: (inner, options) =>
      change(`makeDirectory(${path}:${inner})`, () => makeDirectory(at(inner), options?.mode)),
  };
}

function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function fileInfo(real: string): FileInfo | null {
  const stat = lstatSync(real, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  const type = stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'symlink' : 'other';
  const { size: sizeBytes, mode, uid, gid, mtimeMs } = stat;
  return { type, sizeBytes, usedBytes: stat.blocks * 512, mode: mode & 0o7777, uid, gid, mtimeMs };
}

/** Makes room for a file at that path. */
function replaced(real: string): string {
  mkdirSync(dirname(real), { recursive: true });
  if (lstatSync(real, { throwIfNoEntry: false })?.isDirectory() === false) rmSync(real);
  return real;
}

function namesIn(real: string): readonly string[] {
  return lstatSync(real, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(real).toSorted() : [];
}

function contentOf(real: string): Buffer | null {
  return lstatSync(real, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(real) : null;
}

function writeWhole(real: string, text: string | Uint8Array, mode = 0o644): void {
  writeFileSync(real, text);
  chmodSync(real, mode);
}

/** A directory that is there keeps its mode. */
function makeDirectory(real: string, mode = 0o755): void {
  if (mkdirSync(real, { recursive: true }) !== undefined) chmodSync(real, mode);
}
