/** The steps that make images, and the pipelines that ship with them, on one small base. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { descendantsOf, leaksOf } from './support/leaks.ts';
import { errorOf, machinespawn, machinespawnOk, newPlace, start, type Place } from './support/machinespawn.ts';
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
  readonly runId: string;
  /** Ids of the steps that really ran. */
  readonly ran: readonly string[];
}

async function run<Outputs>(pipeline: string, ...args: readonly string[]): Promise<Outcome<Outputs>> {
  const command = ['--progress', 'json', 'pipeline', 'run', pipeline, '--json', '-i', `mirror=${mirror.url}`, ...args];
  const { stdout, stderr } = await machinespawnOk(place, command, { env: environment });
  const ran = [...stderr.matchAll(/"type":"step\.started","step":"([^"]+)"/gu)].map(([, step = '']) => step);
  return { ...(JSON.parse(stdout) as Pick<Outcome<Outputs>, 'outputs' | 'runId'>), ran };
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
    readonly squashfs: Kept;
    readonly etc: Kept;
    readonly passwd: Kept;
    readonly directory: string;
    readonly uid: number;
  }
  const file = (): string => join(place.root, 'image.yaml');
  const files = (): string => join(place.root, 'files');
  /** Relative to where the caller is. */
  const given = ['-i', 'files=files'];

  beforeAll(() => {
    mkdirSync(join(files(), 'etc'), { recursive: true });
    mkdirSync(join(files(), 'bin'));
    writeFileSync(join(files(), 'etc/motd'), 'made by a test\n');
    writeFileSync(join(files(), 'bin/hello'), '#!/bin/sh\necho hello\n', { mode: 0o755 });
    symlinkSync('/etc/motd', join(files(), 'etc/motd.link'));
    writeFileSync(file(), imagePipeline(join(place.root, 'out/tree')));
  });

  it('do what they say, in one tree', async () => {
    const { outputs } = await run<Outputs>(file(), ...given);
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
    expect(
      [...entries.keys()].filter((path) => /^\.\/usr\/share\/(?:man\/man\d|locale)\/(?!locale\.alias)./u.test(path)),
    ).toEqual([]);
    expect(entries.has('./usr/share/doc/bash/copyright')).toBe(true);
    expect(entries.has('./usr/share/doc/bash/changelog.gz')).toBe(false);
    expect(textIn(outputs.tar, './etc/hostname')).toBe('stage\n');
    expect(readFileSync(pathOf(outputs.passwd), 'utf8')).toMatch(/^ada:x:4711:4711::\/home\/ada:\/bin\/bash$/mu);
    expect(textIn(outputs.etc, './hostname')).toBe('stage\n');
    expect(readFileSync(join(outputs.directory, 'etc/hostname'), 'utf8')).toBe('stage\n');
    expect(lstatSync(join(outputs.directory, 'home/ada')).uid).toBe(4711);
    expect(readdirSync(join(outputs.directory, '..'))).toEqual(['tree']);
    expect(sh('unsquashfs -cat "$1" etc/hostname', pathOf(outputs.squashfs))).toBe('stage\n');
    expect(await leaksOf(place.root)).toEqual([]);
  });

  it('are done again only for what is no longer the same', async () => {
    const looked = ['base', 'date', 'files'];
    sh('touch "$1"', join(files(), 'etc/motd'));
    expect((await run(file(), ...given, '--only', 'tar')).ran.toSorted()).toEqual(looked);
    writeFileSync(join(files(), 'etc/motd'), 'another text\n');
    expect((await run(file(), ...given, '--only', 'in')).ran.toSorted()).toEqual(['base', 'files', 'in']);
  });

  it('say what the tree lacks, and leave nothing', async () => {
    const wrong = imagePipeline(join(place.root, 'out/fourth')).replace('zone: Europe/Berlin', 'zone: Mars/Olympus');
    writeFileSync(file(), wrong);
    const command = ['pipeline', 'run', file(), '--json', '-i', `mirror=${mirror.url}`, ...given];
    const ended = await machinespawn(place, command, { env: environment });
    expect([ended.code, errorOf(ended).code]).toEqual([1, 'MSP_TREE_LACKS']);
    expect(existsSync(join(place.root, 'out/fourth'))).toBe(false);
    // On request there is a shell in what the step left, and it is kept.
    const looked = await machinespawn(
      place,
      [...command.filter((word) => word !== '--json'), '--debug-shell', '--keep-failed'],
      {
        env: environment,
        stdin: 'echo "in it: $(grep ^ada: /etc/passwd)"\n',
      },
    );
    expect([looked.code, looked.stdout]).toEqual([1, expect.stringContaining('in it: ada:x:4711:')]);
    const kept = /^The tree of step 'zone' is kept: (\S+)$/mu.exec(looked.stderr)?.[1] ?? '';
    expect(readFileSync(join(kept, 'etc/passwd'), 'utf8')).toMatch(/^ada:x:4711:/mu);
    expect(looked.stderr).toMatch(/^log: +\S+zone\/\d\.log\nnext: sudo machinespawn resume \w{4} /mu);
    expect(await leaksOf(place.root)).toEqual([]);
  });
});

describe('container-tarball', () => {
  interface Outputs {
    readonly tar: Kept;
    readonly manifest: Kept;
    readonly packages: Kept;
  }
  let tarball = '';

  it('gives a small tar file that machinectl could verify, and its list of packages', async () => {
    const key = makeKey();
    const out = join(place.root, 'tarball');
    const options = ['-i', 'compression=gz', '-i', `signing-key=@${key.file}`, '--output', out];
    const { outputs } = await run<Outputs>('container-tarball', ...options);
    expect(readdirSync(out).toSorted()).toEqual([
      ...['SHA256SUMS', 'SHA256SUMS.gpg', 'debian-12-amd64.manifest.json', 'debian-12-amd64.manifest.txt'],
      'debian-12-amd64.tar.gz',
    ]);
    expect(sh('cd "$1" && sha256sum --check --quiet SHA256SUMS && echo right', out)).toBe('right\n');
    sh('gpg --homedir "$1" --batch --quiet --verify "$2/SHA256SUMS.gpg" "$2/SHA256SUMS" 2>&1', key.home, out);
    const { packages } = JSON.parse(readFileSync(pathOf(outputs.manifest), 'utf8')) as {
      packages: readonly { name: string }[];
    };
    expect(packages.map(({ name }) => name)).toEqual(expect.arrayContaining(['apt', 'bash', 'dpkg']));
    expect(statSync(pathOf(outputs.tar)).size).toBeLessThan(100 * 1024 * 1024);
    // A dry run looks into the base, and sees when only updates or security have moved on.
    const forecast = async (): Promise<string> => {
      const command = ['--dry-run', 'pipeline', 'run', 'container-tarball', '--json', '-i', `mirror=${mirror.url}`];
      const { stdout } = await machinespawnOk(place, [...command, ...options.slice(0, 2)], { env: environment });
      const { steps } = JSON.parse(stdout) as { steps: readonly { id: string; cache: string }[] };
      return steps.flatMap(({ id, cache }) => (['base', 'software'].includes(id) ? [`${id} ${cache}`] : [])).join(', ');
    };
    expect(await forecast()).toBe('base hit, software hit');
    mirror.fault = (asked) =>
      asked.includes('/bookworm-updates/InRelease') ? { body: Buffer.from('moved on') } : null;
    expect(await forecast().finally(() => (mirror.fault = null))).toBe('base hit, software miss');
    // Nothing of the key is anywhere.
    const secret = readFileSync(key.file, 'utf8').split('\n')[4] ?? '';
    expect(
      sh('grep -rlF -- "$2" "$1/state" "$3/results" "$3/artifacts" || true', place.root, secret, place.cache),
    ).toBe('');
    expect(await leaksOf(place.root)).toEqual([]);
    tarball = pathOf(outputs.tar);
  });

  it('is the base of another pipeline, which pulls it in one step', async () => {
    const path = join(place.root, 'pulled.yaml');
    writeFileSync(path, pulledPipeline);
    const first = await run<{ text: Kept; verification: string }>(path, '-i', `image=${tarball}`);
    expect(readFileSync(pathOf(first.outputs.text), 'utf8')).toBe('pulled in 12\n');
    const again = await run(path, '-i', `image=${tarball}`);
    expect(again.ran).toEqual(['base']);
    const wrong = ['pipeline', 'run', path, '--json', '-i', `image=${tarball}`, '-i', `sha256=${'0'.repeat(64)}`];
    const ended = await machinespawn(place, [...wrong, '-i', 'mirror='], { env: environment });
    expect([ended.code, errorOf(ended).code]).toEqual([8, 'MSP_DOWNLOAD_DIGEST']);
    expect(await leaksOf(place.root)).toEqual([]);
  });
});

describe('reproducible', () => {
  it('gives the same bytes from two builds, one of them killed in its second stage', async () => {
    const killed = start(
      place,
      ['--progress', 'json', 'pipeline', 'run', 'reproducible', '-i', `mirror=${mirror.url}`],
      {
        env: environment,
      },
    );
    let family: ReadonlyMap<number, string> = new Map();
    killed.onLine((line) => {
      if (family.size > 0 || !/"step":"base@first","phase":"second-stage"/u.test(line)) return;
      family = descendantsOf(killed.pid);
      killed.kill('SIGKILL');
    });
    expect((await killed.ended).code).toBe(128 + 9);
    expect(await leaksOf(place.root, family)).toEqual([]);
    const { outputs, runId } = await run<{ sha256: string; tar: Readonly<Record<string, Kept>> }>('reproducible');
    expect(Object.values(outputs.tar).map(({ sha256 }) => sha256)).toEqual([outputs.sha256, outputs.sha256]);
    const log = readFileSync(
      join(place.state, 'runs', runId, 'steps', encodeURIComponent('base@first'), '2.log'),
      'utf8',
    );
    expect(log).toMatch(/first-stage: \d+ packages \(made by run /u);
    expect(log).toMatch(/second-stage: \d+ packages installed$/mu);
  });

  it('would say what differs', async () => {
    const path = join(place.root, 'differing.yaml');
    writeFileSync(path, differingPipeline);
    const command = ['pipeline', 'run', path, '--json', '-i', `mirror=${mirror.url}`];
    const ended = await machinespawn(place, command, { env: environment });
    expect([ended.code, errorOf(ended).code]).toEqual([1, 'MSP_FILES_DIFFER']);
    expect(errorOf(ended).message).toMatch(/differing:\n +Files 1:\/etc\/mark and 2:\/etc\/mark differ$/u);
  });
});

describe('ci-matrix', () => {
  it('tests the sources in each combination, and gives what each made', async () => {
    const source = join(place.root, 'source');
    mkdirSync(join(source, '.git'), { recursive: true });
    writeFileSync(
      join(source, 'hello.sh'),
      'echo "hello from $(. /etc/os-release; echo $VERSION_CODENAME)" > report\n',
    );
    const script = 'test ! -e .git; sh hello.sh';
    const options = ['-i', `source=${source}`, '-i', `script=${script}`, '-i', 'result=report'];
    const where = ['-i', 'images=debian-12', '-i', 'archs=amd64', '-i', 'variant=minbase'];
    const { outputs } = await run<{ results: Readonly<Record<string, Kept>> }>('ci-matrix', ...options, ...where);
    const texts = Object.values(outputs.results).map((result) => readFileSync(pathOf(result), 'utf8'));
    expect(texts).toEqual(['hello from bookworm\n']);
  });
});

describe('dev-box', () => {
  it('ends in a machine with a user, a language and a time zone', async () => {
    const options = ['-i', 'name=dev', '-i', 'variant=minbase', '-i', 'packages=', '-i', 'user=ada', '-i', 'uid=1234'];
    const inside = ['-i', 'lang=de_DE.UTF-8', '-i', 'zone=Europe/Berlin', '-i', 'ssh-keys=ssh-ed25519 AAAA ada'];
    const { outputs } = await run<{ path: string; home: string }>('dev-box', ...options, ...inside);
    expect(outputs).toMatchObject({ path: join(place.machines, 'dev'), home: '/home/ada' });
    const asked = 'id -un; id -u; sudo -n id -u; date +%Z; locale charmap; cat ~/.ssh/authorized_keys; hostname';
    const { stdout } = await machinespawnOk(place, ['run', 'dev', '--user', 'ada', '--', 'bash', '-lc', asked]);
    expect(stdout.replaceAll('\r', '').trim().split('\n')).toEqual([
      ...['ada', '1234', '0', expect.stringMatching(/^CES?T$/u), 'UTF-8', 'ssh-ed25519 AAAA ada', 'dev'],
    ]);
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

const differingPipeline = `format: 1
id: differing
summary: The same in all but one file
inputs:
  mirror: { type: string, summary: Archive }
matrix: { word: [one, two] }
steps:
  - { id: base, uses: bootstrap, with: { image: debian-12, variant: minbase, mirror: "\${{ inputs.mirror }}" } }
  - { id: mark, uses: write-file, with: { tree: "\${{ steps.base.outputs.tree }}", path: /etc/mark, text: "\${{ matrix.word }}" } }
  - { id: tar, uses: tar, with: { tree: "\${{ steps.mark.outputs.tree }}", name: root.tar } }
  - id: same
    uses: compare-files
    matrix: false
    with: { files: "\${{ steps.tar.outputs.*.file }}", trees: "\${{ steps.mark.outputs.*.tree }}" }
`;

const pulledPipeline = `format: 1
id: pulled
summary: A base that somebody else made
inputs:
  image: { type: path, summary: Tar file }
  sha256: { type: string, default: '', summary: Its digest }
  mirror: { type: string, summary: Not used }
steps:
  - { id: base, uses: pull, with: { source: "\${{ inputs.image }}", sha256: "\${{ inputs.sha256 }}" } }
  - id: note
    uses: run
    with: { tree: "\${{ steps.base.outputs.tree }}", script: '. /etc/os-release; echo "pulled in $VERSION_ID" > /etc/note' }
  - { id: text, uses: copy-out, with: { tree: "\${{ steps.note.outputs.tree }}", from: /etc/note } }
outputs: { text: "\${{ steps.text.outputs.file }}" }
`;
