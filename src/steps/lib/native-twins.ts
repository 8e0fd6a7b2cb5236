/**
 * Programs of the host's architecture that stand in for a foreign tree's own while its packages are configured: the same
 * programs of the same package versions, from a tree of the same release. All is bound in the session's mount namespace.
 */
import type { RootFiles, StepServices } from '../../host/services.ts';
import { interpreterOf } from '../../model/elf.ts';
import { mergedPath } from '../../model/merged-usr.ts';
import type { TarFile } from '../../model/tar-file.ts';
import { twinProgramPackages } from '../../model/twin-packages.ts';
import { sessionPlace } from './configure-script.ts';
import { packageVersions } from './dpkg-status.ts';

/** dpkg itself has its architecture built in; these have not. */
const dpkgHelpers = ['dpkg-divert', 'dpkg-statoverride', 'dpkg-trigger', 'update-alternatives'];
const programPath = /^\/usr\/s?bin\/[^/]+$/u;
const headBytes = 4096;
const dpkg = '/usr/bin/dpkg';
/** They say what the kernel says: through the emulator, that is the machine's architecture. */
const neverNative: readonly string[] = ['/usr/bin/arch', '/usr/bin/uname'];
/** The programs ask for this loader instead of their own, whose path a script of the packages might tidy up. */
const loaderPlace = `${sessionPlace}/ld`;

export interface NativeTwins {
  /** To be mounted by the session, in the form of fstab(5). */
  readonly fstab: string;
  /** What was made in the tree to be bound over; to be removed afterwards. */
  readonly places: readonly string[];
  readonly programs: number;
}

/** Bound over dpkg: what does not hang on the architecture is answered natively. */
const wrapper = `#!/bin/sh
case "$1" in
--compare-versions | --validate-*) exec ${sessionPlace}/native${dpkg} "$@" ;;
esac
exec ${sessionPlace}/dpkg.foreign "$@"
`;

interface Tree {
  readonly path: string;
  readonly root: RootFiles;
}

/**
 * Writes to scratch what the session binds, and makes the places for it in the tree. Null where not even the library that
 * all of the programs need is the same.
 */
export async function placeNativeTwins(
  { debs, directories }: Pick<StepServices, 'debs' | 'directories'>,
  twin: Tree,
  tree: Tree,
): Promise<NativeTwins | null> {
  const statusOf = async (root: RootFiles) => packageVersions((await root.readText('/var/lib/dpkg/status')) ?? '');
  const [theirs, ours] = await Promise.all([statusOf(twin.root), statusOf(tree.root)]);
  const isSame = (name: string): boolean => theirs.has(name) && theirs.get(name) === ours.get(name);
  const interpreter = interpreterOf((await twin.root.readStart('/usr/bin/dash', headBytes)) ?? Buffer.alloc(0));
  if (!['libc6', 'dpkg', 'dash'].every(isSame) || interpreter === null) return null;
  const libraries = await libraryDirectory(twin.root, interpreter);
  if (libraries === null || (await tree.root.info(libraries)) !== null) return null;
  const loader = await readFile(twin.root, `${libraries}${interpreter.slice(interpreter.lastIndexOf('/'))}`);
  const files: TarFile[] = [
    { path: 'ld', content: loader, mode: 0o755 },
    { path: 'dpkg.foreign', content: '', mode: 0o755 },
    { path: 'dpkg.wrapper', content: wrapper, mode: 0o755 },
  ];
  const bound: string[] = [];
  for (const path of await candidates(twin.root, isSame)) {
    if ((await tree.root.info(path))?.type !== 'file' || (await twin.root.info(path))?.type !== 'file') continue;
    const content = await redirected(twin.root, path, interpreter);
    if (content === null) continue;
    files.push({ path: `native${path}`, content, mode: 0o755 });
    if (path !== dpkg) bound.push(path);
  }
  await debs.write(files, directories.scratch);
  await tree.root.makeDirectory(libraries);
  const session = `${tree.path}${sessionPlace}`;
  const mounts = [
    [`${twin.path}${libraries}`, `${tree.path}${libraries}`],
    [`${tree.path}${dpkg}`, `${session}/dpkg.foreign`],
    ...bound.map((path) => [`${session}/native${path}`, `${tree.path}${path}`]),
    [`${session}/dpkg.wrapper`, `${tree.path}${dpkg}`],
  ];
  const line = (paths: readonly string[]): string => `${paths.map(escaped).join(' ')} none bind 0 0\n`;
  return { fstab: mounts.map(line).join(''), places: [libraries], programs: bound.length };
}

/** Programs of packages whose versions are equal, and dpkg's. */
async function candidates(root: RootFiles, isSame: (name: string) => boolean): Promise<ReadonlySet<string>> {
  const found = new Set([dpkg, ...dpkgHelpers.map((name) => `/usr/bin/${name}`)]);
  for (const name of twinProgramPackages.filter(isSame)) {
    const list = (await root.readText(`/var/lib/dpkg/info/${name}.list`)) ?? '';
    for (const path of list.split('\n').map(mergedPath)) if (programPath.test(path)) found.add(path);
  }
  for (const path of neverNative) found.delete(path);
  return found;
}

/** The program with our loader in the place of its own; null for what is no program of that loader. */
async function redirected(root: RootFiles, path: string, interpreter: string): Promise<Buffer | null> {
  const head = await root.readStart(path, headBytes);
  if (head === null || interpreterOf(head) !== interpreter || loaderPlace.length > interpreter.length) return null;
  const content = Buffer.from(await readFile(root, path));
  content.write(loaderPlace.padEnd(interpreter.length, '\0'), content.indexOf(`${interpreter}\0`), 'latin1');
  return content;
}

async function readFile(root: RootFiles, path: string): Promise<Buffer> {
  const size = (await root.info(path))?.sizeBytes ?? 0;
  return (await root.readStart(path, size)) ?? Buffer.alloc(0);
}

/** Where the loader itself really is, such as "/usr/lib/x86_64-linux-gnu". */
async function libraryDirectory(root: RootFiles, interpreter: string): Promise<string | null> {
  const loader = interpreter.slice(interpreter.lastIndexOf('/') + 1);
  for (const name of await root.list('/usr/lib')) {
    if ((await root.info(`/usr/lib/${name}/${loader}`))?.type === 'file') return `/usr/lib/${name}`;
  }
  return null;
}

function escaped(path: string): string {
  return path.replaceAll(/[\s\\]/gu, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
