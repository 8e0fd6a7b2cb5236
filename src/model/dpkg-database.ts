/** dpkg's own records of packages that are unpacked and not yet configured (deb-control(5), dpkg(1), deb-triggers(5)). */
import { createHash } from 'node:crypto';
import { fail } from '../errors/machinespawn-error.ts';
import type { DebControl } from './deb-control.ts';
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

/** Its stanza, "install ok unpacked", with a line break at the end. `conffiles`: path -> MD5 of what was unpacked. */
export function statusStanza(unpacked: UnpackedPackage, conffiles: ReadonlyMap<string, string>): string {
  const { control } = unpacked;
  const given = new Map([...control.fields].filter(([name]) => !unwanted.has(name)));
  given.set('status', { name: 'Status', value: 'install ok unpacked' });
  if (unpacked.priority !== '') given.set('priority', { name: 'Priority', value: unpacked.priority });
  if (unpacked.section !== '') given.set('section', { name: 'Section', value: unpacked.section });
  if (conffiles.size > 0) {
    const lines = [...conffiles].map(([path, digest]) => `\n ${path} ${digest}`);
    given.set('conffiles', { name: 'Conffiles', value: lines.join('') });
  }
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

/** Paths that `conffiles` names, less those with a flag such as remove-on-upgrade. */
export function conffilePaths(unpacked: Pick<UnpackedPackage, 'controlFiles'>): readonly string[] {
  const file = unpacked.controlFiles.find(({ name }) => name === 'conffiles');
  const lines = file === undefined ? [] : Buffer.from(file.content).toString('utf8').split('\n');
  return lines.map((line) => line.trim()).filter((line) => line.startsWith('/'));
}

/** The triggers that packages are interested in: File, and a file for each that has a name. Throws MSP_PACKAGE_BROKEN. */
export function triggerFiles(packages: readonly UnpackedPackage[]): readonly TarFile[] {
  const files: string[] = [];
  const named = new Map<string, string[]>();
  for (const { control, controlFiles } of packages) {
    const text = controlFiles.find(({ name }) => name === 'triggers')?.content;
    if (text === undefined) continue;
    const who = infoName(control);
    for (const line of Buffer.from(text).toString('utf8').split('\n')) {
      const words = line.replace(/#.*/u, '').trim().split(/\s+/u);
      const [directive = '', trigger] = words;
      if (directive === '' || directive.startsWith('activate')) continue;
      if (!/^interest(?:-await|-noawait)?$/u.test(directive) || trigger === undefined)
        throw fail('MSP_PACKAGE_BROKEN', { package: control.name, problem: `its triggers: '${line.slice(0, 60)}'` });
      const mark = directive === 'interest-noawait' ? '/noawait' : '';
      if (trigger.startsWith('/')) files.push(`${trigger} ${who}${mark}\n`);
      else named.set(trigger, [...(named.get(trigger) ?? []), `${who}${mark}\n`]);
    }
  }
  const directory = 'var/lib/dpkg/triggers';
  return [
    ...(files.length === 0 ? [] : [{ path: `${directory}/File`, content: files.join(''), mode: 0o644 }]),
    ...[...named].map(([trigger, lines]) => ({
      path: `${directory}/${trigger}`,
      content: lines.join(''),
      mode: 0o644,
    })),
  ];
}

export function md5(content: Uint8Array): string {
  return createHash('md5').update(content).digest('hex');
}
