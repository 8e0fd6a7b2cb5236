/** A full, exact listing of a tree, and a readable account of how two differ. Few processes; meant for root. */
import { execFile } from 'node:child_process';

export interface ListedEntry {
  /** Relative; bytes that are no UTF-8 are escaped as \xHH. */
  readonly path: string;
  /** As `find -printf %y` names it: f d l b c p s. */
  readonly type: string;
  /** Octal. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** Null for directories: their size is the file system's business. */
  readonly size: number | null;
  /** Seconds with nanoseconds. */
  readonly mtime: string;
  readonly linkTarget: string | null;
  /** The first path (in byte order) of those in the tree that are the same file; null when it stands alone. */
  readonly linkedWith: string | null;
  /** `major:minor` in hex, for devices. */
  readonly device: string | null;
  /** `name=0x…`, sorted; security.capability and ACLs are among them. */
  readonly attributes: readonly string[];
  readonly sha256: string | null;
}

export type TreeListing = ReadonlyMap<string, ListedEntry>;

export interface TreeListingOptions {
  /** SHA-256 of every file. @default true */
  readonly content?: boolean;
}

export async function listTree(directory: string, options: TreeListingOptions = {}): Promise<TreeListing> {
  const [entries, devices, attributes, digests] = await Promise.all([
    runIn(directory, String.raw`find . -xdev -printf '%y %m %U %G %s %T@ %n %i %p\0%l\0'`),
    runIn(directory, String.raw`find . -xdev \( -type b -o -type c \) -exec stat --printf '%t:%T %n\0' {} +`),
    runIn(directory, 'getfattr -R -P -h -d -m - -e hex .'),
    options.content === false ? '' : runIn(directory, 'find . -xdev -type f -print0 | xargs -0 -r sha256sum -z --'),
  ]);
  const deviceOf = new Map(records(devices).map((record) => splitAt(record, record.indexOf(' '))));
  const digestOf = new Map(records(digests).map((record) => [record.slice(66), record.slice(0, 64)]));
  const attributesOf = parseAttributes(attributes);
  const firstWith = new Map<string, string>();
  const rows = parseEntries(entries).toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const linked = new Map<string, number>();
  for (const { name, type, inode, links } of rows) {
    if (type === 'd' || links < 2) continue;
    if (!firstWith.has(inode)) firstWith.set(inode, name);
    linked.set(inode, (linked.get(inode) ?? 0) + 1);
  }
  const listing = new Map<string, ListedEntry>();
  for (const row of rows) {
    const { name, type, mode, uid, gid, mtime } = row;
    const path = toText(name);
    const partner = (linked.get(row.inode) ?? 0) > 1 ? (firstWith.get(row.inode) ?? null) : null;
    listing.set(path, {
      ...{ path, type, mode, uid, gid, mtime },
      size: type === 'd' ? null : row.size,
      linkTarget: type === 'l' ? toText(row.target) : null,
      linkedWith: partner === null ? null : toText(partner),
      device: deviceOf.get(name) ?? null,
      attributes: attributesOf.get(name) ?? [],
      sha256: digestOf.get(name) ?? null,
    });
  }
  return listing;
}

export interface TreeDifferenceOptions {
  /** Paths whose entries are not compared. */
  readonly ignore?: (path: string) => boolean;
  /** Parts of entries that are not compared. */
  readonly ignoreParts?: readonly (keyof ListedEntry)[];
}

/** One line for each difference; empty when the trees are equal. */
export function diffTrees(
  one: TreeListing,
  other: TreeListing,
  options: TreeDifferenceOptions = {},
): readonly string[] {
  const lines: string[] = [];
  for (const path of [...new Set([...one.keys(), ...other.keys()])].toSorted()) {
    if (options.ignore?.(path) === true) continue;
    const [left, right] = [one.get(path), other.get(path)];
    if (left === undefined || right === undefined) {
      lines.push(`${left === undefined ? 'only in the second' : 'only in the first'}: ${path}`);
      continue;
    }
    for (const part of Object.keys(left) as (keyof ListedEntry)[]) {
      if (options.ignoreParts?.includes(part) === true) continue;
      const [was, is] = [JSON.stringify(left[part]), JSON.stringify(right[part])];
      if (was !== is) lines.push(`${path}: ${part} ${was} / ${is}`);
    }
  }
  return lines;
}

/** Output as latin1, one character for each byte: names may be no UTF-8. */
async function runIn(directory: string, script: string): Promise<string> {
  const options = { cwd: directory, encoding: 'latin1', maxBuffer: 1024 ** 3, env: { PATH: searchPath, LC_ALL: 'C' } };
  return new Promise((resolve, reject) => {
    execFile(
      'bash',
      ['--norc', '-eu', '-o', 'pipefail', '-c', script],
      options as { encoding: 'latin1' },
      (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(error);
      },
    );
  });
}

const searchPath = '/usr/sbin:/usr/bin:/sbin:/bin';

interface Row {
  readonly type: string;
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: string;
  readonly links: number;
  readonly inode: string;
  readonly name: string;
  readonly target: string;
}

function parseEntries(output: string): readonly Row[] {
  const fields = output.split('\0');
  const rows: Row[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const words = (fields[at] ?? '').split(' ');
    const [type = '', mode = '', uid, gid, size, mtime = '', links, inode = ''] = words;
    const numbers = { uid: Number(uid), gid: Number(gid), size: Number(size), links: Number(links) };
    rows.push({ type, mode, mtime, inode, ...numbers, name: words.slice(8).join(' '), target: fields[at + 1] ?? '' });
  }
  return rows;
}

function records(output: string): readonly string[] {
  return output.split('\0').filter((record) => record !== '');
}

/** `value name` to [name, value]. */
function splitAt(record: string, at: number): [string, string] {
  return [record.slice(at + 1), record.slice(0, at)];
}

// xfs shows its ACLs a second time under names of its own.
const xfsTwin = 'trusted.SGI_ACL_';

/** getfattr prints odd bytes of names as \ooo. */
function parseAttributes(output: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const block of output.split('\n\n')) {
    const [head, ...attributes] = block.split('\n').filter((line) => line !== '' && !line.startsWith(xfsTwin));
    if (head === undefined) continue;
    const name = head
      .slice('# file: '.length)
      .replace(/\\([0-7]{3})/gu, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
    found.set(name === '.' || name.startsWith('./') ? name : `./${name}`, attributes.toSorted());
  }
  return found;
}

function toText(bytes: string): string {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  if (!text.includes('\uFFFD')) return text;
  return bytes.replace(/[\x80-\xff]/gu, (char) => String.raw`\x${char.charCodeAt(0).toString(16)}`);
}
