/** The symlinks of a tree, and where a way through them leads when the tree is the root, as it is for a container engine. */

/** As many as the kernel follows. */
const mostLinks = 40;

/** Where a path leads. */
export interface LinkedWay {
  /** Without any symlink in it. */
  readonly place: string;
  /**
   * The part of the way after which a program that does not have the tree as its root would be elsewhere, and where that
   * part leads; null where every program finds the way.
   */
  readonly detour: { readonly from: string; readonly to: string } | null;
}

/** Follows paths through the symlinks that it was told of, without looking at any disk. */
export class TreeLinks {
  readonly #targets: Map<string, string>;

  /** Paths of symlinks, relative to the tree and with no symlink in them, and where each leads. */
  constructor(targets: Iterable<readonly [string, string]>) {
    this.#targets = new Map(targets);
  }

  /** Something else has come into its place. */
  forget(path: string): void {
    this.#targets.delete(path);
  }

  /** Where a relative path leads, its last part included. Null when no symlink is on the way, or a loop of them. */
  follow(path: string): LinkedWay | null {
    if (this.#targets.size === 0) return null;
    const parts = partsOf(path);
    let done: string[] = [];
    let links = 0;
    let detour: LinkedWay['detour'] = null;
    for (const [index, part] of parts.entries()) {
      let isElsewhere = false;
      for (let pending = [part]; pending.length > 0;) {
        const [next = '', ...rest] = pending;
        pending = rest;
        if (next === '..') {
          isElsewhere ||= done.length === 0;
          done = done.slice(0, -1);
          continue;
        }
        done = [...done, next];
        const target = this.#targets.get(done.join('/'));
        if (target === undefined) continue;
        links += 1;
        if (links > mostLinks) return null;
        isElsewhere ||= target.startsWith('/');
        done = target.startsWith('/') ? [] : done.slice(0, -1);
        pending = [...partsOf(target), ...pending];
      }
      if (isElsewhere) detour = { from: parts.slice(0, index + 1).join('/'), to: done.join('/') };
    }
    return links === 0 ? null : { place: done.join('/'), detour };
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
