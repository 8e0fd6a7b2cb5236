/** Copying, removing and comparing small trees of files. Each takes a `moment` to be cut off in the middle. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';

/** Like `cp -a`, less owners and hard links. `to` must not exist. */
export function copyTree(from: string, to: string, moment: () => void = () => {}): void {
  const stat = lstatSync(from);
  if (stat.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to);
  } else if (stat.isDirectory()) {
    mkdirSync(to);
    const names = readdirSync(from).toSorted();
    for (const [index, name] of names.entries()) {
      if (index === 1) moment();
      copyTree(join(from, name), join(to, name));
    }
    chmodSync(to, stat.mode & 0o7777);
    utimesSync(to, stat.atime, stat.mtime);
  } else {
    copyFileSync(from, to);
    chmodSync(to, stat.mode & 0o7777);
    utimesSync(to, stat.atime, stat.mtime);
  }
}

export function removeTree(path: string, moment: () => void = () => {}): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) {
    for (const [index, name] of readdirSync(path).toSorted().entries()) {
      if (index === 1) moment();
      rmSync(join(path, name), { recursive: true, force: true });
    }
  }
  rmSync(path, { recursive: true, force: true });
}

/** What is there, by path: type, mode and content. Times and owners are left out. */
export function listTree(root: string): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string): void => {
    for (const name of readdirSync(join(root, path)).toSorted()) {
      const inner = `${path}/${name}`;
      found.set(inner, describeFile(join(root, inner)));
      if (lstatSync(join(root, inner)).isDirectory()) visit(inner);
    }
  };
  visit('');
  return found;
}

function describeFile(path: string): string {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return `symlink to ${readlinkSync(path)}`;
  const mode = (stat.mode & 0o7777).toString(8);
  if (stat.isDirectory()) return `directory ${mode}`;
  const content = readFileSync(path);
  const text = content.length <= 4096 ? content.toString('latin1') : createHash('sha256').update(content).digest('hex');
  return `file ${mode} ${text}`;
}
