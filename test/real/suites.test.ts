/** Every suite and architecture that is due, all of them in CI: built, run and looked at, two side by side. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Arch } from '../../src/model/arch.ts';
import { packagesServed, startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { leaksOf } from './support/leaks.ts';
import { machinespawnOk, newPlace, type Place } from './support/machinespawn.ts';
import { isProvenEqual } from '../../src/model/proven-equal.ts';
import { inTurns } from './support/in-turns.ts';
import { settledArchive } from './support/settled-archive.ts';
import { sharedCache } from './support/shared-place.ts';

const native = ['bullseye', 'bookworm', 'trixie', 'forky', 'sid'].flatMap((suite) =>
  (['amd64', 'i386'] as const).map((arch) => ({ suite, arch })),
);
const foreign = ['bookworm', 'trixie'].flatMap((suite) =>
  (['arm64', 'armhf'] as const).map((arch) => ({ suite, arch })),
);
const elfMachines: Readonly<Record<string, string>> = { amd64: '3e00', i386: '0300', arm64: 'b700', armhf: '2800' };

let mirror: CountingMirror;
let place: Place;
beforeAll(async () => {
  mirror = await startCountingMirror();
  place = newPlace('suites', { cache: sharedCache() });
});
afterAll(async () => {
  await mirror.close();
});

const inTurn = inTurns(2);

async function buildAndLook(suite: string, arch: Arch): Promise<void> {
  const name = `${suite}-${arch}`;
  const { url, options } = await settledArchive(mirror, suite, arch);
  const usual = ['bootstrap', suite, name, arch, '--variant', 'minbase', '--mirror', url, ...options];
  // Their index is over after a week, and the mirror at hand may be asleep: that is not what is tested here.
  if (suite === 'forky' || suite === 'sid') usual.push('--check-valid-until', 'no');
  const { stderr } = await machinespawnOk(place, usual);
  expect(stderr).toContain(`Machine ${name} is ready`);
  const tree = join(place.machines, name);
  const way = isProvenEqual({ codename: suite, variant: 'minbase', arch }) ? 'fast' : 'debootstrap';
  expect(stderr).toMatch(new RegExp(`way +ok: ${way}`, 'u'));
  expect(readFileSync(join(tree, 'usr/bin/dpkg')).subarray(18, 20).toString('hex')).toBe(elfMachines[arch]);
  const inside = await machinespawnOk(place, ['run', name, '--', 'dpkg', '--print-architecture']);
  expect(inside.stdout).toBe(`${arch}\n`);
  const audit = await machinespawnOk(place, [
    'run',
    name,
    '--',
    'sh',
    '-c',
    'dpkg --audit; dpkg --verify; apt-get check >/dev/null',
  ]);
  expect(audit.stdout).toBe('');

  const machines = JSON.parse((await machinespawnOk(place, ['list', '--json', name])).stdout) as Record<
    string,
    unknown
  >[];
  expect(machines).toMatchObject([
    { name, arch, state: 'stopped', machineId: expect.stringMatching(/^[0-9a-f]{32}$/u) },
  ]);
  expect(sourcesOf(tree)).toMatch(new RegExp(`\\b${suite}\\b`, 'u'));
  expect(sourcesOf(tree)).toContain(url);
  // Of an unstable suite nobody can tell today whether it has updates. With a keyring of somebody's own it is his archive,
  // of which nobody knows where they are.
  if (suite === 'sid' || suite === 'forky') return;
  expect(sourcesOf(tree).includes(`${suite}-security`)).toBe(options.length === 0);
}

function sourcesOf(tree: string): string {
  const places = ['etc/apt/sources.list.d/debian.sources', 'etc/apt/sources.list'].map((path) => join(tree, path));
  return places.map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : '')).join('');
}

describe.concurrent('on the host as it is', () => {
  for (const { suite, arch } of native) {
    it(`${suite} ${arch}`, async () => {
      await inTurn(() => buildAndLook(suite, arch));
    });
  }
});

describe.concurrent('through qemu-user', () => {
  for (const { suite, arch } of foreign) {
    it(`${suite} ${arch}`, async () => {
      await inTurn(() => buildAndLook(suite, arch));
    });
  }
});

describe('all of them', () => {
  it('are there, fetched each package once, and left nothing', async () => {
    const { stdout } = await machinespawnOk(place, ['list', '-q']);
    expect(stdout.trim().split('\n').toSorted()).toEqual(
      [...native, ...foreign].map(({ suite, arch }) => `${suite}-${arch}`).toSorted(),
    );
    const paths = packagesServed(mirror).map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(await leaksOf(place.root)).toEqual([]);
  });
});
