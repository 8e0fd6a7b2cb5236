/** dpkg's own records of packages that are unpacked and not yet configured (deb-control(5), dpkg(1), deb-triggers(5)). */
import { createHash } from 'node:crypto';
import { fail } from '../errors/machinespawn-error.ts';
import type { DebControl } from './deb-control.ts';
import { decodeName } from './file-name.ts';
import type { TarFile } from './tar-file.ts';

/** What dpkg needs of one package. */
export interface UnpackedPackage {
  readonly control: DebControl;
  /** As the archive's index has them: they outrank the package's own words. */
  readonly priority: string;
  readonly section: string;
  /** Files of the control member, less `control` itself. */
  readonly controlFiles: readonly {
    readonly name: string;
    readonly content: Uint8Array;
    readonly mode: number;
    readonly mtime: number;
  }[];
  /** Paths of the data member in their order, such as "/." and "/usr/bin/x". */
  readonly paths: readonly string[];
}

export const infoDirectory = 'var/lib/dpkg/info';

/** The order in which dpkg writes the fields of its status file (lib/dpkg/parse.c, fieldinfos). */
const fieldOrder = [
  ...[
    'package',
    'essential',
    'protected',
    'status',
    'priority',
    'section',
    'installed-size',
    'origin',
    'maintainer',
    'bugs',
  ],
  ...[
    'architecture',
    'multi-arch',
    'source',
    'version',
    'config-version',
    'replaces',
    'provides',
    'depends',
    'pre-depends',
  ],
  ...['recommends', 'suggests', 'breaks', 'conflicts', 'enhances', 'conffiles', 'description'],
];
/** Of the .deb alone: dpkg drops them. */
const unwanted = new Set([
  'filename',
  'size',
  'md5sum',
  'sha1',
  'sha256',
  'msdos-filename',
  'revision',
  'package-revision',
  'package_revision',
]);

/** Name of its files in the info directory: "libc6:amd64" where several architectures may live side by side. */
export function infoName({ name, arch, fields }: DebControl): string {
  return fields.get('multi-arch')?.value === 'same' ? `${name}:${arch}` : name;
}

/** Its record, "install ok unpacked", with a line break at the end. `conffiles`: MD5 of what was unpacked, by path. */
export function statusStanza(unpacked: UnpackedPackage, conffiles: Readonly<Record<string, string>>): string {
  const { control } = unpacked;
  const given = new Map([...control.fields].filter(([name]) => !unwanted.has(name)));
  given.set('status', { name: 'Status', value: 'install ok unpacked' });
  if (unpacked.priority !== '') given.set('priority', { name: 'Priority', value: unpacked.priority });
  if (unpacked.section !== '') given.set('section', { name: 'Section', value: unpacked.section });
  const lines = conffileEntries(unpacked).flatMap(({ path, flag }) => {
    const digest = flag === '' ? conffiles[path] : `newconffile ${flag}`;
    return digest === undefined ? [] : [`\n ${path} ${digest}`];
  });
  if (lines.length > 0) given.set('conffiles', { name: 'Conffiles', value: lines.join('') });
  const place = (name: string): number => {
    const at = fieldOrder.indexOf(name);
    return at < 0 ? fieldOrder.length : at;
  };
  const sorted = [...given].toSorted(([one], [other]) => place(one) - place(other));
  return sorted
    .map(([, { name, value }]) => `${name}:${value.startsWith('\n') || value === '' ? '' : ' '}${value}\n`)
    .join('');
}

/** Its files below var/lib/dpkg/info. */
export function infoFiles(unpacked: UnpackedPackage): readonly TarFile[] {
  const name = infoName(unpacked.control);
  const list = unpacked.paths.map((path) => `${path}\n`).join('');
  return [
    { path: `${infoDirectory}/${name}.list`, content: list, mode: 0o644 },
    ...unpacked.controlFiles.map(({ name: kind, content, mode, mtime }) => ({
      path: `${infoDirectory}/${name}.${kind}`,
      content,
      mode,
      mtime,
    })),
  ];
}

/** Paths that `conffiles` names, each with what stands before it, such as remove-on-upgrade (deb-conffiles(5)). */
export function conffileEntries(
  unpacked: Pick<UnpackedPackage, 'controlFiles'>,
): readonly { readonly path: string; readonly flag: string }[] {
  const file = unpacked.controlFiles.find(({ name }) => name === 'conffiles');
  const lines = file === undefined ? [] : decodeName(file.content).split('\n');
  return lines.flatMap((line) => {
    const at = line.indexOf('/');
    return at < 0 ? [] : [{ path: line.slice(at).trimEnd(), flag: line.slice(0, at).trim() }];
  });
}

/**
 * The triggers that packages are interested in: a file for each that has a name, and one for those on paths.
 * @returns text to add, by file. Throws MSP_PACKAGE_BROKEN.
 */
export function triggerFiles(packages: readonly UnpackedPackage[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { control, controlFiles } of packages) {
    const text = controlFiles.find(({ name }) => name === 'triggers')?.content ?? Buffer.alloc(0);
    const who = infoName(control);
    for (const line of Buffer.from(text).toString('utf8').split('\n')) {
      const words = line.replace(/#.*/u, '').trim().split(/\s+/u);
      const [directive = '', trigger] = words;
      if (directive === '' || directive.startsWith('activate')) continue;
      if (!/^interest(?:-await|-noawait)?$/u.test(directive) || trigger === undefined) {
        const problem = `its triggers: '${line.slice(0, 60)}'`;
        throw fail('MSP_PACKAGE_BROKEN', { package: control.name, problem });
      }
      const mark = directive === 'interest-noawait' ? '/noawait' : '';
      const onPath = trigger.startsWith('/');
      const file = `var/lib/dpkg/triggers/${onPath ? 'File' : trigger}`;
      files.set(file, `${files.get(file) ?? ''}${onPath ? `${trigger} ` : ''}${who}${mark}\n`);
    }
  }
  return files;
}

export function md5(content: Uint8Array): string {
  return createHash('md5').update(content).digest('hex');
}
