/** The steps that make images, and the pipelines that ship with them, on one small base. */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { leaksOf } from './support/leaks.ts';
import { machinespawn, machinespawnOk, newPlace, type Place } from './support/machinespawn.ts';
import { sharedCache } from './support/shared-place.ts';

const environment = { SOURCE_DATE_EPOCH: '1767225600' };
const day = Number(environment.SOURCE_DATE_EPOCH) / 86_400;

let mirror: CountingMirror;
let place: Place;
beforeAll(async () => {
  mirror = await startCountingMirror();
  place = newPlace('images', { cache: sharedCache() });
});
afterAll(async () => {
  await mirror.close();
});

interface Kept {
  readonly name: string;
  readonly sha256: string;
}
interface Outcome<Outputs> {
  readonly outputs: Outputs;
  /** Ids of the steps that really ran. */
  readonly ran: readonly string[];
}

async function run<Outputs>(pipeline: string, ...args: readonly string[]): Promise<Outcome<Outputs>> {
  const command = ['--progress', 'json', 'pipeline', 'run', pipeline, '--json', '-i', `mirror=${mirror.url}`, ...args];
  const { stdout, stderr } = await machinespawnOk(place, command, { env: environment });
  const ran = [...stderr.matchAll(/"type":"step\.started","step":"([^"]+)"/gu)].map(([, step = '']) => step);
  return { outputs: (JSON.parse(stdout) as { outputs: Outputs }).outputs, ran };
}

const pathOf = ({ sha256 }: Kept): string => join(place.cache, 'artifacts', sha256);
const sh = (script: string, ...args: readonly string[]): string =>
  execFileSync('sh', ['-euc', script, 'sh', ...args], { encoding: 'utf8' });

/** `mode owner/group name [-> target]` of each file in a tar file. */
function listTar(file: Kept): ReadonlyMap<string, string> {
  const lines = sh('tar --numeric-owner -tvf "$1"', pathOf(file)).trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [mode = '', owner = '', , , , ...name] = line.split(/ +/u);
      const [path = '', target] = name.join(' ').split(' -> ');
      return [path, `${mode} ${owner}${target === undefined ? '' : ` -> ${target}`}`] as const;
    }),
  );
}

const textIn = (file: Kept, path: string): string => sh('tar -xOf "$1" "$2"', pathOf(file), path);

/** Private key of a user made for the test, armored. */
function makeKey(): { readonly file: string; readonly home: string } {
  const home = join(place.root, 'gnupg');
  mkdirSync(home, { mode: 0o700 });
  const file = join(place.root, 'key.asc');
  sh(
    `gpg --homedir "$1" --batch --quiet --passphrase '' --quick-generate-key test@example.org ed25519 sign never
    gpg --homedir "$1" --batch --armor --export-secret-keys > "$2"
    gpgconf --homedir "$1" --kill all`,
    home,
    file,
  );
  return { file, home };
}

describe('the steps for images', () => {
  interface Outputs {
    readonly tar: Kept;
    readonly gz: Kept;
    readonly squashfs: Kept;
    readonly back: Kept;
    readonly passwd: Kept;
    readonly directory: string;
    readonly uid: number;
  }
  const file = (): string => join(place.root, 'image.yaml');
  const files = (): string => join(place.root, 'files');
  const key = ['-i', `files=files`];

  beforeAll(() => {
    mkdirSync(join(files(), 'etc'), { recursive: true });
    mkdirSync(join(files(), 'bin'));
    writeFileSync(join(files(), 'etc/motd'), 'made by a test\n');
    writeFileSync(join(files(), 'bin/hello'), '#!/bin/sh\necho hello\n', { mode: 0o755 });
    symlinkSync('/etc/motd', join(files(), 'etc/motd.link'));
    writeFileSync(file(), imagePipeline(join(place.root, 'out/tree')));
  });

  it('do what they say, in one tree', async () => {
    const { outputs } = await run<Outputs>(file(), ...key);
    const entries = listTar(outputs.tar);
    expect(textIn(outputs.tar, './etc/motd')).toBe('made by a test\n');
    expect(entries.get('./etc/motd')).toMatch(/^-rw-r--r-- 0\/0/u);
    // /bin is a link of the tree: what is unpacked goes through it, and not in its place.
    expect(entries.get('./bin')).toMatch(/-> usr\/bin$/u);
    expect(entries.get('./usr/bin/hello')).toMatch(/^-rwxr-xr-x 0\/0/u);
    expect(entries.get('./etc/motd.link')).toMatch(/-> \/etc\/motd$/u);
    expect(outputs.uid).toBe(4711);
    expect(entries.get('./home/ada/.ssh/authorized_keys')).toMatch(/^-rw------- 4711\/4711/u);
    expect(textIn(outputs.tar, './etc/group')).toMatch(/^adm:x:4:ada$/mu);
    expect(textIn(outputs.tar, './etc/shadow')).toMatch(new RegExp(`^ada::${day}:`, 'mu'));
    expect(textIn(outputs.tar, './etc/shadow')).not.toMatch(new RegExp(`^[^:]+:[^:]*:(?!${day}:)\\d+:`, 'mu'));
    expect(entries.get('./etc/shadow')).toMatch(/^-rw-r----- 0\/42/u);
    expect(entries.get('./etc/localtime')).toMatch(/-> \/usr\/share\/zoneinfo\/Europe\/Berlin$/u);
    expect(textIn(outputs.tar, './etc/timezone')).toBe('Europe/Berlin\n');
    expect(textIn(outputs.tar, './etc/default/locale')).toBe('LANG=C.UTF-8\n');
    expect([...entries.keys()].filter((path) => /^\.\/usr\/share\/(?:man\/man\d|locale)\/(?!locale\.alias)./u.test(path))).toEqual([]);
    expect(entries.has('./usr/share/doc/bash/copyright')).toBe(true);
    expect(entries.has('./usr/share/doc/bash/changelog.gz')).toBe(false);
    expect(textIn(outputs.tar, './etc/hostname')).toBe('stage\n');
    expect(textIn(outputs.tar, './run/left')).toBe('');
    expect(textIn(outputs.passwd, '')).toBe('');
    expect(await leaksOf(place.root)).toEqual([]);
  });
});

function imagePipeline(directory: string): string {
  return `format: 1
id: image
summary: Every step for images
inputs:
  files: { type: path, summary: Files that come along }
  mirror: { type: string, summary: Archive }
steps:
  - { id: base, uses: bootstrap, with: { image: debian-12, variant: minbase, mirror: "\${{ inputs.mirror }}" } }
  - { id: date, uses: source-date, with: { otherwise: "\${{ steps.base.outputs.date }}" } }
  - { id: files, uses: host-files, with: { from: "\${{ inputs.files }}" } }
  - { id: in, uses: copy-in, with: { tree: "\${{ steps.base.outputs.tree }}", file: "\${{ steps.files.outputs.file }}" } }
  - id: user
    uses: user
    with: { tree: "\${{ steps.in.outputs.tree }}", name: ada, uid: 4711, groups: [adm], password: none, sshKeys: [ssh-ed25519 AAAA ada], epoch: "\${{ steps.date.outputs.epoch }}" }
  - { id: zone, uses: timezone, with: { tree: "\${{ steps.user.outputs.tree }}", zone: Europe/Berlin } }
  - { id: lang, uses: locale, with: { tree: "\${{ steps.zone.outputs.tree }}", lang: C.UTF-8 } }
  - { id: slim, uses: slim, with: { tree: "\${{ steps.lang.outputs.tree }}" } }
  - { id: blank, uses: blank-identity, with: { tree: "\${{ steps.slim.outputs.tree }}", hostname: stage, epoch: "\${{ steps.date.outputs.epoch }}" } }
  - { id: tar, uses: tar, with: { tree: "\${{ steps.blank.outputs.tree }}", epoch: "\${{ steps.date.outputs.epoch }}" } }
  - { id: etc, uses: copy-out, with: { tree: "\${{ steps.blank.outputs.tree }}", from: /etc, name: etc.tar.gz } }
  - { id: passwd, uses: copy-out, with: { tree: "\${{ steps.blank.outputs.tree }}", from: /etc/passwd } }
  - { id: squashfs, uses: export, with: { tree: "\${{ steps.blank.outputs.tree }}", name: root.squashfs, epoch: "\${{ steps.date.outputs.epoch }}" } }
  - { id: directory, uses: export, with: { tree: "\${{ steps.blank.outputs.tree }}", directory: ${directory} } }
outputs:
  tar: \${{ steps.tar.outputs.file }}
  etc: \${{ steps.etc.outputs.file }}
  passwd: \${{ steps.passwd.outputs.file }}
  squashfs: \${{ steps.squashfs.outputs.file }}
  directory: \${{ steps.directory.outputs.directory }}
  uid: \${{ steps.user.outputs.uid }}
`;
}
