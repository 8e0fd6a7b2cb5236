/**
 * Programs of the host's architecture that stand in for a foreign tree's own while its packages are configured: the same
 * programs of the same package versions, from a tree of the same release. All is bound in the session's mount namespace.
 */
import type { Command, RootFiles } from '../../host/services.ts';
import { interpreterOf } from '../../model/elf.ts';
import { mergedPath } from '../../model/merged-usr.ts';
import { packageVersions } from './dpkg-status.ts';
import { sessionPlace } from './configure-script.ts';

/** What scripts run again and again, and what says the same on every architecture. */
const packages = [
  ...['bash', 'bsdutils', 'coreutils', 'dash', 'debianutils', 'diffutils', 'findutils', 'gpgv', 'sqv', 'grep', 'gzip'],
  ...['hostname', 'login', 'mawk', 'ncurses-bin', 'passwd', 'perl-base', 'sed', 'sysvinit-utils', 'tar'],
];
/** dpkg itself has its architecture built in; these have not. */
const dpkgHelpers = ['dpkg-divert', 'dpkg-statoverride', 'dpkg-trigger', 'update-alternatives'];
const directories = /^\/usr\/s?bin\/[^/]+$/u;
const headBytes = 4096;
const dpkg = '/usr/bin/dpkg';

export interface NativeTwins {
  readonly binds: NonNullable<Command['binds']>;
  /** What was made in the tree to be bound over; to be removed afterwards, in this order. */
  readonly places: readonly string[];
  /** What is bound over dpkg: it answers what does not hang on the architecture natively. */
  readonly wrapper: string;
}

const wrapper = `#!/bin/sh
case "$1" in
--compare-versions | --validate-*) exec ${sessionPlace}/dpkg.native "$@" ;;
esac
exec ${sessionPlace}/dpkg.foreign "$@"
`;

/**
 * Makes the places in the tree that are bound over. Null where not even the library that all of them need is the same.
 * The session's place is to be bound first, with files of the names dpkg.foreign, dpkg.native and dpkg.wrapper.
 */
export async function findNativeTwins(
  twin: { readonly path: string; readonly root: RootFiles },
  tree: { readonly path: string; readonly root: RootFiles },
): Promise<NativeTwins | null> {
  const statusOf = async (root: RootFiles) => packageVersions((await root.readText('/var/lib/dpkg/status')) ?? '');
  const [theirs, ours] = await Promise.all([statusOf(twin.root), statusOf(tree.root)]);
  const isSame = (name: string): boolean => theirs.has(name) && theirs.get(name) === ours.get(name);
  const interpreter = await interpreterIn(twin.root, '/usr/bin/dash');
  if (!['libc6', 'dpkg', 'dash'].every(isSame) || interpreter === null) return null;
  const libraries = await libraryDirectory(twin.root, interpreter);
  if (libraries === null || (await tree.root.info(libraries)) !== null) return null;
  const loader = `${libraries}${interpreter.slice(interpreter.lastIndexOf('/'))}`;
  const programs: string[] = [];
  for (const path of await candidates(twin.root, isSame)) {
    const isFile = (await tree.root.info(path))?.type === 'file';
    if (isFile && (await interpreterIn(twin.root, path)) === interpreter) programs.push(path);
  }
  const native = (path: string, to = path) => ({
    from: `${twin.path}${path}`,
    to: `${tree.path}${to}`,
    readOnly: true,
  });
  return {
    binds: [
      { from: `${tree.path}${dpkg}`, to: `${tree.path}${sessionPlace}/dpkg.foreign` },
      { from: `${twin.path}${dpkg}`, to: `${tree.path}${sessionPlace}/dpkg.native`, readOnly: true },
      native(loader, interpreter),
      native(libraries),
      ...programs.map((path) => native(path)),
      { from: `${tree.path}${sessionPlace}/dpkg.wrapper`, to: `${tree.path}${dpkg}`, readOnly: true },
    ],
    places: [...(await makeFile(tree.root, interpreter)), ...(await makeDirectory(tree.root, libraries))],
    wrapper,
  };
}

/** What was made: the file, and its directory where there was none. */
async function makeFile(root: RootFiles, path: string): Promise<readonly string[]> {
  const directory = path.slice(0, path.lastIndexOf('/'));
  const isNew = (await root.info(directory)) === null;
  await root.writeText(path, '');
  return [path, ...(isNew ? [directory] : [])];
}

async function makeDirectory(root: RootFiles, path: string): Promise<readonly string[]> {
  await root.makeDirectory(path);
  return [path];
}

/** Programs of packages whose versions are equal. */
async function candidates(root: RootFiles, isSame: (name: string) => boolean): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const name of packages.filter(isSame)) {
    const list = (await root.readText(`/var/lib/dpkg/info/${name}.list`)) ?? '';
    for (const path of list.split('\n').map(mergedPath)) if (directories.test(path)) found.add(path);
  }
  for (const name of dpkgHelpers) found.add(`/usr/bin/${name}`);
  return [...found];
}

async function interpreterIn(root: RootFiles, path: string): Promise<string | null> {
  const head = (await root.info(path))?.type === 'file' ? await root.readStart(path, headBytes) : null;
  return head === null ? null : interpreterOf(head);
}

/** "/usr/lib/x86_64-linux-gnu": where the loader itself really is. */
async function libraryDirectory(root: RootFiles, interpreter: string): Promise<string | null> {
  const loader = interpreter.slice(interpreter.lastIndexOf('/') + 1);
  for (const name of await root.list('/usr/lib')) {
    if ((await root.info(`/usr/lib/${name}/${loader}`))?.type === 'file') return `/usr/lib/${name}`;
  }
  return null;
}
