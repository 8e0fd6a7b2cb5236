/** Paths inside a directory that plays the root of a file system: no symlink leads out of it. */
import { lstatSync, readlinkSync } from 'node:fs';
import { join, posix } from 'node:path';

const maxLinks = 40;

/** The real path of `path` inside `root`. `followLast`: a symlink at the end is followed too. */
export function insideRoot(root: string, path: string, followLast: boolean): string {
  let pending = posix.normalize(`/${path}`).split('/').filter(Boolean);
  let done: string[] = [];
  for (let links = 0; pending.length > 0;) {
    const [name = '', ...rest] = pending;
    pending = rest;
    if (name === '..') {
      done = done.slice(0, -1);
      continue;
    }
    const target = rest.length > 0 || followLast ? linkTarget(join(root, ...done, name)) : null;
    if (target === null) {
      done = [...done, name];
      continue;
    }
    links += 1;
    if (links > maxLinks) throw new Error(`too many symlinks in ${path}`);
    if (target.startsWith('/')) done = [];
    pending = [...target.split('/').filter((part) => part !== '' && part !== '.'), ...rest];
  }
  return join(root, ...done);
}

function linkTarget(path: string): string | null {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : null;
}
