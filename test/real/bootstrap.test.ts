/** The main job on the real archive: build, run, list, build a second one from the cache, remove. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diffTrees, listTree } from '../support/tree-listing.ts';
import { compareMachines } from './support/compare-machines.ts';
import { packagesServed, startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { leaksOf } from './support/leaks.ts';
import { machinespawn, machinespawnOk, newPlace, type Place } from './support/machinespawn.ts';
import { newDirectory } from './support/shared-place.ts';

const run = promisify(execFile);
const escape = '\u001b';

let mirror: CountingMirror;
let place: Place;
let bread: string;

const build = (name: string, ...more: readonly string[]): readonly string[] => [
  'debian-bookworm',
  name,
  '--variant',
  'minbase',
  '--mirror',
  mirror.url,
  ...more,
];
const fileIn = (machine: string, path: string): string => readFileSync(join(place.machines, machine, path), 'utf8');

beforeAll(async () => {
  mirror = await startCountingMirror();
  place = newPlace('bootstrap');
  const { stderr } = await machinespawnOk(place, build('bread'));
  bread = stderr;
});
afterAll(async () => {
  await mirror.close();
});

describe('machinespawn debian-bookworm bread', () => {
  it('without a terminal tells each step on a line of its own, and what to do next', () => {
    expect(bread).not.toContain(escape);
    expect(bread).toMatch(/^machinespawn \S+ run \S+: bootstrap debian-12 -> bread$/mu);
    for (const step of ['host', 'archive', 'base', 'materialize', 'identity', 'verify', 'register']) {
      expect(bread).toMatch(new RegExp(`^\\[ *[\\d.]+s\\] ${step} +ok: `, 'mu'));
    }
    expect(bread).toMatch(
      /^Machine bread is ready \(Debian 12, amd64, \d+ MiB\) in .+\.\n {2}Shell: {2}sudo machinespawn run bread$/mu,
    );
  });

  it('gives what plain debootstrap gives: the same packages, installed well', async () => {
    const plain = newDirectory('plain');
    // It leaves a mount behind in whatever namespace was made meanwhile.
    const own = ['--mount', '--propagation', 'private', '--', 'debootstrap', '--variant=minbase', '--force-check-gpg'];
    await run('unshare', [...own, 'bookworm', plain, mirror.url], { maxBuffer: 1e9 });
    const packages = async (tree: string): Promise<string> => {
      const { stdout } = await run('dpkg-query', [
        `--root=${tree}`,
        '-W',
        '-f=${Package}:${Architecture} ${Version} ${db:Status-Abbrev}\n',
      ]);
      return stdout;
    };
    const ours = await packages(join(place.machines, 'bread'));
    expect(ours).toBe(await packages(plain));
    expect(ours.split('\n').length).toBeGreaterThan(80);
    const { stdout: audit } = await run('dpkg', [`--root=${join(place.machines, 'bread')}`, '--audit']);
    expect(audit).toBe('');
    const { stdout: verify } = await run('dpkg', [`--root=${join(place.machines, 'bread')}`, '--verify']);
    expect(verify).toBe('');
  });

  it('leaves nothing of this host and of the building in the machine', async () => {
    const tree = join(place.machines, 'bread');
    expect(readdirSync(join(tree, 'var/lib/apt/lists')).filter((name) => name !== 'partial')).toEqual([]);
    expect(readdirSync(join(tree, 'var/cache/apt/archives')).filter((name) => name !== 'partial')).toEqual([]);
    expect(existsSync(join(tree, 'debootstrap'))).toBe(false);
    expect(existsSync(join(tree, 'etc/resolv.conf'))).toBe(false);
    const { stdout } = await run('sh', ['-c', 'grep -rIil proxy "$1"/etc/apt || true', 'sh', tree]);
    expect(stdout).toBe('');
    expect(await leaksOf(place.root)).toEqual([]);
    expect(readdirSync(place.machines)).toEqual(['bread']);
  });

  it('is refused when the name is taken, and changes nothing', async () => {
    const before = await listTree(place.machines, { content: false });
    const { code, stderr } = await machinespawn(place, build('bread'));
    expect(stderr).toContain('MSP_MACHINE_EXISTS');
    expect(code).toBe(5);
    expect(diffTrees(before, await listTree(place.machines, { content: false }))).toEqual([]);
  });
});

describe('a second machine', () => {
  it('comes from the cache, on a terminal, and is another machine', async () => {
    mirror.forget();
    const { stdout } = await machinespawnOk(place, build('toast'), { pty: true });
    expect(packagesServed(mirror)).toEqual([]);
    expect(stdout).toContain(escape);
    const text = stripVTControlCharacters(stdout);
    expect(text).toMatch(/base +.*from cache, built (?:.+ ago|just now)/u);
    expect(text).toMatch(/Machine toast is ready \(Debian 12, amd64, \d+ MiB\) in /u);

    expect(
      await compareMachines(join(place.machines, 'bread'), join(place.machines, 'toast'), { differentNames: true }),
    ).toEqual([]);
    expect(fileIn('bread', 'etc/machine-id')).toMatch(/^[0-9a-f]{32}\n$/u);
    expect(fileIn('toast', 'etc/machine-id')).toMatch(/^[0-9a-f]{32}\n$/u);
    expect(fileIn('toast', 'etc/machine-id')).not.toBe(fileIn('bread', 'etc/machine-id'));
    expect([fileIn('bread', 'etc/hostname'), fileIn('toast', 'etc/hostname')]).toEqual(['bread\n', 'toast\n']);
    expect(fileIn('toast', 'etc/hosts')).toContain('toast');
    expect(fileIn('toast', 'etc/hosts')).not.toContain('bread');
  });

  it('comes from the cache without any network when that is asked for', async () => {
    mirror.forget();
    await machinespawnOk(place, build('crumb', '--offline'));
    expect(mirror.served).toEqual([]);
    expect(fileIn('crumb', 'etc/hostname')).toBe('crumb\n');
    await machinespawnOk(place, ['remove', 'crumb']);
  });

  it('can have a host name of its own choice', async () => {
    await machinespawnOk(place, [...build('jam'), '--hostname', 'jar.example']);
    expect(fileIn('jam', 'etc/hostname')).toBe('jar.example\n');
  });
});

describe('list', () => {
  it('--json tells name, system and origin', async () => {
    const machines = JSON.parse((await machinespawnOk(place, ['list', '--json'])).stdout) as Record<string, unknown>[];
    const found = machines.find(({ name }) => name === 'bread');
    expect(found).toMatchObject({
      name: 'bread',
      state: 'stopped',
      type: 'directory',
      arch: 'amd64',
      readOnly: false,
      path: join(place.machines, 'bread'),
      os: { id: 'debian', versionId: '12', codename: 'bookworm' },
      origin: { kind: 'bootstrap', image: 'debian-12' },
    });
    expect(found?.['machineId']).toBe(fileIn('bread', 'etc/machine-id').trim());
  });

  it('-q prints only names', async () => {
    expect((await machinespawnOk(place, ['list', '-q', 'br*'])).stdout).toBe('bread\n');
  });
});

describe('run', () => {
  it('passes output and exit codes, and leaves the tree as it was', async () => {
    const tree = join(place.machines, 'bread');
    const before = await listTree(tree);
    // nspawn mounts the host's resolver on an empty file, which goes again: that is all that /etc may tell.
    const isTimeOfEtc = (line: string): boolean => line.startsWith('./etc: mtime ');
    const release = await machinespawnOk(place, ['run', 'bread', '--', 'cat', '/etc/os-release']);
    expect(release.stdout).toBe(fileIn('bread', 'usr/lib/os-release'));
    expect((await machinespawn(place, ['run', 'bread', '--', 'sh', '-c', 'exit 42'])).code).toBe(42);
    expect(diffTrees(before, await listTree(tree)).filter((line) => !isTimeOfEtc(line))).toEqual([]);
  });

  it('passes stdin, byte for byte', async () => {
    const tar = join(place.root, 'some.tar');
    writeFileSync(join(place.root, 'some-file'), Buffer.from([...Array(256).keys()]));
    await run('tar', ['-C', place.root, '-cf', tar, 'some-file']);
    const { stdout } = await machinespawnOk(place, ['run', 'bread', '--', 'tar', '-tvf', '-'], {
      stdin: readFileSync(tar),
    });
    expect(stdout).toMatch(/ 256 .* some-file\n$/u);
    const digest = await machinespawnOk(place, ['run', 'bread', '--', 'sha256sum'], { stdin: readFileSync(tar) });
    const { stdout: expected } = await run('sha256sum', [tar]);
    expect(digest.stdout.split(' ')[0]).toBe(expected.split(' ')[0]);
  });

  it('says 127 for a command that is not there, 126 for one that cannot be run, 4 for no machine', async () => {
    const missing = await machinespawn(place, ['run', 'bread', '--', 'no-such-command']);
    expect([missing.code, missing.stderr]).toEqual([127, expect.stringContaining('MSP_COMMAND_NOT_FOUND')]);
    const plainFile = await machinespawn(place, ['run', 'bread', '--', '/etc/passwd']);
    expect([plainFile.code, plainFile.stderr]).toEqual([126, expect.stringContaining('MSP_COMMAND_NOT_EXECUTABLE')]);
    const nobody = await machinespawn(place, ['run', 'braed', '--', 'true']);
    expect([nobody.code, nobody.stderr]).toEqual([4, expect.stringMatching(/MSP_MACHINE_NOT_FOUND[^]*bread/u)]);
  });

  it('gives the command the terminal, and none where there is none', async () => {
    const onTerminal = await machinespawnOk(
      place,
      ['run', 'bread', '--', 'sh', '-c', 'test -t 0 && test -t 1 && echo both'],
      { pty: true },
    );
    expect(onTerminal.stdout).toContain('both');
    const without = await machinespawnOk(place, ['run', 'bread', '--', 'sh', '-c', 'test -t 1 || echo none']);
    expect(without.stdout).toBe('none\n');
  });

  it('-x throws away what the command changes', async () => {
    await machinespawnOk(place, ['run', 'bread', '-x', '--', 'touch', '/new-file']);
    expect(existsSync(join(place.machines, 'bread', 'new-file'))).toBe(false);
    await machinespawnOk(place, ['run', 'jam', '--', 'touch', '/new-file']);
    expect(existsSync(join(place.machines, 'jam', 'new-file'))).toBe(true);
  });
});

describe('--dry-run', () => {
  it('shows the plan, fetches no package and changes nothing', async () => {
    const empty = newPlace('dry');
    mirror.forget();
    const { stdout } = await machinespawnOk(empty, ['--dry-run', ...build('bread')]);
    expect(stdout).toMatch(/select .*Choose the packages.* miss: no result yet/u);
    expect(packagesServed(mirror)).toEqual([]);
    expect(readdirSync(empty.root)).toEqual(['machines']);
    expect(readdirSync(empty.machines)).toEqual([]);
  });
});

describe('runs', () => {
  it('are listed, shown and logged', async () => {
    const runs = JSON.parse((await machinespawnOk(place, ['runs', 'ls', '--json'])).stdout) as Record<
      string,
      unknown
    >[];
    const first = runs.find(({ machine, status }) => machine === 'bread' && status === 'succeeded');
    expect(first).toMatchObject({ pipeline: 'bootstrap', resumable: false, steps: { total: 19, failed: 0 } });
    const shown = await machinespawnOk(place, ['runs', 'show', String(first?.['id']), '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ id: first?.['id'], status: 'succeeded' });
    const logs = await machinespawnOk(place, ['runs', 'logs', String(first?.['id'])]);
    expect(logs.stdout.length).toBeGreaterThan(0);
  });
});

describe('runs shell', () => {
  it('is in the tree that a step made, and what it changes is thrown away', async () => {
    // The last run of bread was refused, as there is one.
    const { stdout } = await machinespawnOk(place, ['runs', 'ls', '--json']);
    const runs = JSON.parse(stdout) as readonly { readonly id: string; machine: string; status: string }[];
    const { id = '' } = runs.find(({ machine, status }) => machine === 'bread' && status === 'succeeded') ?? {};
    const shell = (stdin: string, ...step: string[]) => machinespawn(place, ['runs', 'shell', id, ...step], { stdin });
    const first = await shell(
      '. /etc/os-release && echo $VERSION_CODENAME; ls -d /proc/self; touch /changed; exit 3\n',
    );
    expect(first).toMatchObject({ code: 3, stdout: 'bookworm\n/proc/self\n' });
    expect(await shell('ls /changed\n', 'base')).toMatchObject({ code: 2, stdout: '' });
    const { code, stderr } = await shell('', 'proxy');
    expect([code, stderr]).toEqual([4, expect.stringContaining('MSP_RUN_NO_TREE')]);
    expect(await leaksOf(place.root)).toEqual([]);
  });
});

describe('cache', () => {
  it('is listed and explained', async () => {
    const entries = JSON.parse((await machinespawnOk(place, ['cache', 'ls', '--json'])).stdout) as Record<
      string,
      unknown
    >[];
    expect(new Set(entries.map(({ kind }) => kind))).toEqual(new Set(['snapshot', 'package', 'unpacked', 'run']));
    const explain = [
      'cache',
      'explain',
      'bootstrap',
      '-i',
      'image=bookworm',
      '-i',
      'name=new',
      '-i',
      'variant=minbase',
    ];
    const { stdout } = await machinespawnOk(place, [...explain, '-i', `mirror=${mirror.url}`]);
    for (const step of ['select', 'unpack', 'configure', 'base']) {
      expect(stdout).toMatch(new RegExp(`^${step} +hit +made .* by run `, 'mu'));
    }
  });

  it('is emptied by clean-cache, and the machines stay', async () => {
    const { stdout } = await machinespawnOk(place, ['clean-cache', '-y', '--json']);
    const { freedBytes } = JSON.parse(stdout) as { freedBytes: number };
    expect(freedBytes).toBeGreaterThan(100_000_000);
    const left = JSON.parse((await machinespawnOk(place, ['cache', 'ls', '--json'])).stdout) as { kind: string }[];
    expect(left.filter(({ kind }) => kind !== 'run')).toEqual([]);
    expect((await machinespawnOk(place, ['run', 'bread', '--', 'true'])).code).toBe(0);
  });
});

describe('pipeline run', () => {
  it('runs a built-in one and a file', async () => {
    const hello = await machinespawnOk(place, ['pipeline', 'run', 'hello', '-i', 'name=bread']);
    expect(hello.stderr).toContain('Hello, bread');
    const file = join(place.root, 'two.yaml');
    writeFileSync(
      file,
      'format: 1\nid: two\nsummary: Two\nsteps:\n  - id: one\n    uses: echo\n    with: { text: hay }\n',
    );
    expect((await machinespawnOk(place, ['pipeline', 'run', file])).stderr).toContain('hay');
  });
});

describe('remove', () => {
  it('removes one machine and leaves the others', async () => {
    await machinespawnOk(place, ['remove', 'jam', '-y']);
    const names = JSON.parse((await machinespawnOk(place, ['list', '--json'])).stdout) as { name: string }[];
    expect(names.map(({ name }) => name)).toEqual(['bread', 'toast']);
    expect(readdirSync(place.machines).toSorted()).toEqual(['bread', 'toast']);
    expect((await machinespawn(place, ['remove', 'jam', '-y'])).code).toBe(4);
  });
});
