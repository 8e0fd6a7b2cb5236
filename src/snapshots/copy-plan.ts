/** How one copy of a tree is cut into two that run side by side. */

/** For `find . -xdev -mindepth 1 -printf`. */
export const copyScanFormat = String.raw`%y %n %i %b %P\0`;

export interface CopyPlan {
  /** Directories made empty first, parents before children; their attributes are set at the end. */
  readonly skeleton: readonly string[];
  /**
   * Groups of paths relative to the top, to be copied whole. No hard link leads from one group to another, so a
   * group has to be copied by one program, and no more than a group has to.
   */
  readonly parts: readonly [readonly CopyGroup[], readonly CopyGroup[]];
}

export type CopyGroup = readonly string[];

/** A whole subtree (or file) that stays together. */
interface Unit {
  readonly path: string;
  cost: number;
}

// A file costs about as much as 64 KiB of content (ext4, warm).
const entryCostInBlocks = 128;
const deepestCut = 3;
const mostUnits = 1500;
// A tree that is so flat, or so full of hard links, is copied by one program.
const mostRemembered = 100_000;
const worthCutting = 0.1;
const uselessShare = 0.8;

/**
 * Takes what `find` prints for `copyScanFormat`, in pieces. Of a tree of any number of entries it remembers what is high up,
 * and the hard links.
 */
export class CopyScan {
  /** Of each path down to the deepest cut, in the order of `find`: what it takes with all that is below, and is it a directory? */
  readonly #known = new Map<string, { cost: number; isDirectory: boolean }>();
  /** Of each file with several names: what is high up and holds one of them. */
  readonly #linked = new Map<string, Set<string>>();
  #total = 0;
  #isTooMuch = false;
  #rest: Buffer = Buffer.alloc(0);

  push(bytes: Uint8Array): void {
    const all = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    let start = 0;
    for (let end = all.indexOf(0); end >= 0; end = all.indexOf(0, start)) {
      this.#add(all.toString('utf8', start, end));
      start = end + 1;
    }
    this.#rest = Buffer.from(all.subarray(start));
  }

  /** Null when one copy is better: a small or lopsided tree, or names that cannot be given to a program as text. */
  plan(): CopyPlan | null {
    if (this.#isTooMuch) return null;
    const total = this.#total;
    const cut = new Set(['']);
    const units = new Map<string, Unit>();
    for (const [path, { cost, isDirectory }] of this.#known) {
      if (!cut.has(parentOf(path))) continue;
      const depth = path.split('/').length;
      if (isDirectory && depth < deepestCut && cost > total * worthCutting) cut.add(path);
      else units.set(path, { path, cost });
    }
    if (units.size < 2 || units.size > mostUnits) return null;
    if ([...units.keys(), ...cut].some((path) => path.includes('\uFFFD'))) return null;
    const parts = balance(joinLinked(this.#linked, units));
    if (Math.max(...parts.map((part) => part.cost)) > total * uselessShare) return null;
    const [first, second] = parts.map((part) => part.groups);
    if (first === undefined || second === undefined) return null;
    return { skeleton: [...cut].filter((path) => path !== ''), parts: [first, second] };
  }

  #add(record: string): void {
    if (this.#isTooMuch) return;
    const [type = '', linkCount = '', inode = '', blocks = ''] = record.split(' ', 4);
    const path = record.slice(type.length + linkCount.length + inode.length + blocks.length + 4);
    const cost = Number(blocks) + entryCostInBlocks;
    this.#total += cost;
    let prefix = path;
    for (let depth = 1, end = -1; depth <= deepestCut; depth += 1) {
      end = path.indexOf('/', end + 1);
      prefix = end < 0 ? path : path.slice(0, end);
      const known = this.#known.get(prefix);
      if (known === undefined) this.#known.set(prefix, { cost, isDirectory: end >= 0 || type === 'd' });
      else known.cost += cost;
      if (end < 0) break;
    }
    if (type !== 'd' && Number(linkCount) > 1) {
      const holders = this.#linked.get(inode);
      if (holders === undefined) this.#linked.set(inode, new Set([prefix]));
      else holders.add(prefix);
    }
    if (this.#known.size + this.#linked.size <= mostRemembered) return;
    this.#isTooMuch = true;
    this.#known.clear();
    this.#linked.clear();
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Units that share a hard-linked file become one group. */
function joinLinked(
  linked: ReadonlyMap<string, ReadonlySet<string>>,
  units: ReadonlyMap<string, Unit>,
): readonly (readonly Unit[])[] {
  const groupOf = new Map<Unit, Set<Unit>>([...units.values()].map((unit) => [unit, new Set([unit])]));
  for (const holders of linked.values()) {
    let group: Set<Unit> | undefined;
    for (const holder of holders) {
      const unit = unitOf(holder, units);
      const other = unit === null ? undefined : groupOf.get(unit);
      if (other === undefined || other === group) continue;
      if (group === undefined) {
        group = other;
        continue;
      }
      for (const moved of other) {
        group.add(moved);
        groupOf.set(moved, group);
      }
    }
  }
  return [...new Set(groupOf.values())].map((group) => [...group]);
}

function unitOf(path: string, units: ReadonlyMap<string, Unit>): Unit | null {
  for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
    const unit = units.get(path.slice(0, end));
    if (unit !== undefined) return unit;
  }
  return units.get(path) ?? null;
}

function balance(groups: readonly (readonly Unit[])[]): readonly { readonly groups: CopyGroup[]; cost: number }[] {
  const parts = [
    { groups: [] as CopyGroup[], cost: 0 },
    { groups: [] as CopyGroup[], cost: 0 },
  ] satisfies [object, object];
  const costed = groups.map((group) => ({ group, cost: group.reduce((sum, unit) => sum + unit.cost, 0) }));
  for (const { group, cost } of costed.toSorted((one, other) => other.cost - one.cost)) {
    const lighter = parts[0].cost <= parts[1].cost ? parts[0] : parts[1];
    lighter.groups.push(group.map((unit) => unit.path));
    lighter.cost += cost;
  }
  return parts;
}
