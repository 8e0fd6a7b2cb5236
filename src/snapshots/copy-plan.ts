/** How one copy of a tree is cut into two that run side by side. Pure. */

/** One entry below the tree's top, as `copyScanFormat` prints it. */
interface ScannedEntry {
  readonly type: string;
  readonly linkCount: number;
  readonly inode: string;
  readonly blocks: number;
  readonly path: string;
}

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
const worthCutting = 0.1;
const uselessShare = 0.8;

/** Null when one copy is better: a small or lopsided tree, or names that cannot be given to a program as text. */
export function planCopy(scan: string): CopyPlan | null {
  const entries = parseScan(scan);
  const costs = addUpCosts(entries);
  const total = costs.get('') ?? 0;
  const cut = new Set(['']);
  const units = new Map<string, Unit>();
  for (const { type, path } of entries) {
    const cost = costs.get(path);
    // Costs are known down to the deepest cut only.
    if (cost === undefined || !cut.has(parentOf(path))) continue;
    const depth = path.split('/').length;
    if (type === 'd' && depth < deepestCut && cost > total * worthCutting) cut.add(path);
    else units.set(path, { path, cost });
  }
  if (units.size < 2 || units.size > mostUnits) return null;
  if ([...units.keys(), ...cut].some((path) => path.includes('\uFFFD'))) return null;
  const parts = balance(joinLinked(entries, units));
  if (Math.max(...parts.map((part) => part.cost)) > total * uselessShare) return null;
  const [first, second] = parts.map((part) => part.groups);
  if (first === undefined || second === undefined) return null;
  return { skeleton: [...cut].filter((path) => path !== ''), parts: [first, second] };
}

function parseScan(scan: string): readonly ScannedEntry[] {
  const entries: ScannedEntry[] = [];
  for (const record of scan.split('\0')) {
    if (record === '') continue;
    const afterType = record.indexOf(' ');
    const afterLinks = record.indexOf(' ', afterType + 1);
    const afterInode = record.indexOf(' ', afterLinks + 1);
    const afterBlocks = record.indexOf(' ', afterInode + 1);
    entries.push({
      type: record.slice(0, afterType),
      linkCount: Number(record.slice(afterType + 1, afterLinks)),
      inode: record.slice(afterLinks + 1, afterInode),
      blocks: Number(record.slice(afterInode + 1, afterBlocks)),
      path: record.slice(afterBlocks + 1),
    });
  }
  return entries;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Of each path down to the deepest cut, with all that is below. */
function addUpCosts(entries: readonly ScannedEntry[]): Map<string, number> {
  const costs = new Map<string, number>();
  const add = (path: string, cost: number): void => void costs.set(path, (costs.get(path) ?? 0) + cost);
  for (const { path, blocks } of entries) {
    const cost = blocks + entryCostInBlocks;
    add('', cost);
    let end = -1;
    for (let depth = 1; depth <= deepestCut; depth += 1) {
      end = path.indexOf('/', end + 1);
      add(end < 0 ? path : path.slice(0, end), cost);
      if (end < 0) break;
    }
  }
  return costs;
}

/** Units that share a hard-linked file become one group. */
function joinLinked(entries: readonly ScannedEntry[], units: ReadonlyMap<string, Unit>): readonly (readonly Unit[])[] {
  const groupOf = new Map<Unit, Set<Unit>>([...units.values()].map((unit) => [unit, new Set([unit])]));
  const firstWith = new Map<string, Unit>();
  for (const { type, linkCount, inode, path } of entries) {
    if (type === 'd' || linkCount < 2) continue;
    const unit = unitOf(path, units);
    if (unit === null) continue;
    const other = firstWith.get(inode);
    const [mine, theirs] = [groupOf.get(unit), other === undefined ? undefined : groupOf.get(other)];
    if (theirs === undefined) firstWith.set(inode, unit);
    else if (mine !== undefined && mine !== theirs) {
      for (const moved of mine) {
        theirs.add(moved);
        groupOf.set(moved, theirs);
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
