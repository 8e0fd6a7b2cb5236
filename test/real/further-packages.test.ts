/** What dpkg does beyond writing files holds for packages that come after the required ones, and that no dpkg has unpacked. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TarFile } from '../../src/model/tar-file.ts';
import { startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { buildOf, type CraftedPackage } from './support/crafted-packages.ts';
import { errorOf, machinespawnOk, newPlace, type Place } from './support/machinespawn.ts';
import { sharedCache } from './support/shared-place.ts';

let mirror: CountingMirror;
let place: Place;
beforeAll(async () => {
  mirror = await startCountingMirror();
  place = newPlace('further', { cache: sharedCache() });
  await machinespawnOk(place, ['bootstrap', 'bookworm', 'sound', '--mirror', mirror.url, '--variant', 'minbase']);
});
afterAll(async () => {
  await mirror.close();
});

const directory = (path: string, mode = 0o755): TarFile => ({
  path: `./${path}/`,
  content: '',
  mode,
  kind: 'directory',
});
const file = (path: string, content: string, mode = 0o755): TarFile => ({ path: `./${path}`, content, mode });
const include = (
  name: string,
  files: readonly TarFile[],
  scripts: Readonly<Record<string, string>> = {},
): CraftedPackage => ({
  name,
  stage: 'include',
  deb: { files: [directory('usr'), ...files], scripts },
});
const script = (...lines: readonly string[]): string => ['#!/bin/sh', 'set -e', ...lines, ''].join('\n');
const divert = (name: string, path: string): string =>
  `dpkg-divert --package ${name} --add --no-rename --divert ${path}.real ${path}`;

/** Does not compress: a package with it is one of the large ones. */
const pad = randomBytes(4 * 1024 * 1024).toString('base64');

const packages: readonly CraftedPackage[] = [
  // Both required ones have a file: dpkg has to unpack one of them.
  {
    name: 'demo-old',
    stage: 'required',
    deb: { files: [file('usr/share/demo-both', 'old'), file('usr/share/demo-old', '')] },
  },
  {
    name: 'demo-older',
    stage: 'required',
    deb: { files: [file('usr/share/demo-both', 'new')] },
    fields: 'Replaces: demo-old\n',
  },
  {
    name: 'demo-required',
    stage: 'required',
    deb: {
      scripts: {
        postinst: script(
          divert('demo-required', '/usr/bin/tool'),
          'dpkg-statoverride --add root mail 2750 /usr/bin/set',
        ),
      },
    },
  },
  include('demo-directories', [
    directory('usr/share/demo-first', 0o2700),
    ...['var/mail', 'var/local', 'root'].map((path) => directory(path)),
    directory('etc', 0o700),
  ]),
  // It is larger, and so the first to be unpacked.
  include('demo-large', [directory('usr/share/demo-first'), file('usr/share/demo-first/x', pad)]),
  include('demo-latin', [file('usr/share/caf\uDCE9', 'x')]),
  include('demo-set', [file('usr/bin/set', 'set')]),
  include('demo-shell', [
    file('usr/bin/demo-shell', ''),
    file('usr/share/debianutils/shells.d/demo', '/usr/bin/demo-shell\n', 0o644),
  ]),
  include('demo-tool', [file('usr/bin/tool', 'tool')]),
  include('last-diverts', [file('usr/share/last-diverts', '')], {
    preinst: script(divert('last-diverts', '/usr/bin/other')),
  }),
  include('last-is-diverted', [file('usr/bin/other', 'diverted'), file('usr/share/demo-pad', pad)]),
];

describe('packages after the required ones', () => {
  let tar: string;
  beforeAll(async () => {
    const ended = await buildOf(place, packages);
    expect(ended.code, ended.stderr).toBe(0);
    const { outputs } = JSON.parse(ended.stdout) as { outputs: { file: { sha256: string } } };
    tar = join(place.cache, 'artifacts', outputs.file.sha256);
  });

  const read = (path: string): string => execFileSync('tar', ['-xOf', tar, `./${path}`]).toString('latin1');
  const modeOf = (...paths: readonly string[]): readonly string[] =>
    execFileSync('tar', ['-tvf', tar, '--no-recursion', ...paths.map((path) => `./${path}`)], { encoding: 'utf8' })
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^(\S+) +(\S+) .* \.\/(.*)$/u, '$1 $2 $3'));

  it('fire the triggers of their paths, for packages that are configured', () => {
    expect(read('etc/shells').split('\n')).toContain('/usr/bin/demo-shell');
  });

  it('are diverted, and have the owner and mode that were set, as dpkg was told before', () => {
    expect(read('usr/bin/tool.real')).toBe('tool');
    expect(modeOf('usr/bin/set')).toEqual(['-rwxr-s--- 0/8 usr/bin/set']);
  });

  it('are diverted by the preinst of one that comes before them', () => {
    expect(read('usr/bin/other.real')).toBe('diverted');
  });

  it('leave directories as they were, and new ones as the first of them has them', () => {
    expect(modeOf('etc/', 'root/', 'usr/share/demo-first/', 'var/local/', 'var/mail/').toSorted()).toEqual([
      'drwx------ 0/0 root/',
      'drwx--S--- 0/0 usr/share/demo-first/',
      'drwxr-xr-x 0/0 etc/',
      'drwxrwsr-x 0/50 var/local/',
      'drwxrwsr-x 0/8 var/mail/',
    ]);
  });

  it('are listed byte by byte', () => {
    expect(read('var/lib/dpkg/info/demo-latin.list')).toContain('/usr/share/caf\xe9\n');
  });

  it('are unpacked by dpkg where a required one replaces a file of another', () => {
    expect(read('usr/share/demo-both')).toBe('new');
  });
});

describe('a preinst that dpkg runs', () => {
  it('and that waits for ever is named', async () => {
    const ended = await buildOf(place, [include('demo', [], { preinst: script('sleep 1000') })], ['-i', 'idle=2s']);
    expect(errorOf(ended).code).toBe('MSP_PACKAGE_SCRIPT_HANGS');
    expect(errorOf(ended).message).toContain('preinst of demo said nothing for 2 s');
  });

  it('and that fails is named; the tree that is kept has nothing of ours', async () => {
    const preinst = script('echo the reason why >&2', 'exit 3');
    const ended = await buildOf(place, [include('demo', [], { preinst })], ['--keep-failed']);
    expect(errorOf(ended).code).toBe('MSP_PACKAGE_SCRIPT');
    expect(errorOf(ended).message).toMatch(/^preinst of demo failed\n[^]*the reason why/u);
    const kept = /\/\S*failed\S*/u.exec(ended.stderr)?.[0] ?? '';
    expect(readdirSync(kept)).toContain('usr');
    for (const gone of ['.machinespawn', 'usr/sbin/policy-rc.d']) expect(existsSync(join(kept, gone))).toBe(false);
  });
});
