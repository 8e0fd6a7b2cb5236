/** Every suite and architecture that is due, all of them in CI: built, run and looked at, two side by side. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareMachines } from './support/compare-machines.ts';
import { packagesServed, startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { leaksOf } from './support/leaks.ts';
import { machinespawnOk, newPlace, type Place } from './support/machinespawn.ts';
import { usualWay } from '../../src/model/bootstrap-way.ts';
import { sharedCache } from './support/shared-place.ts';

const sideBySide = 2;

const native = ['bullseye', 'bookworm', 'trixie', 'forky', 'sid'].flatMap((suite) =>
  ['amd64', 'i386'].map((arch) => ({ suite, arch })),
);
const foreign = ['bookworm', 'trixie'].flatMap((suite) => ['arm64', 'armhf'].map((arch) => ({ suite, arch })));
/** Built in debootstrap's way, too, and compared: each suite, and each kind of architecture. All 14 would take CI's time. */
const compared = ['bookworm-amd64', 'trixie-amd64', 'forky-amd64', 'sid-amd64', 'bookworm-arm64'];
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

let free = sideBySide;
const waiting: (() => void)[] = [];

async function inTurn(work: () => Promise<void>): Promise<void> {
  if (free > 0) free -= 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  }
}

async function buildAndLook(suite: string, arch: string): Promise<void> {
  const name = `${suite}-${arch}`;
  const build = async (machine: string, way: string): Promise<string> => {
    const usual = ['bootstrap', suite, machine, arch, '--variant', 'minbase', '--mirror', mirror.url];
    // Their index is over after a week, and the mirror at hand may be asleep: that is not what is tested here.
    if (suite === 'forky' || suite === 'sid') usual.push('--check-valid-until', 'no');
    const { stderr } = await machinespawnOk(place, [...usual, '--with', way]);
    expect(stderr).toContain(`Machine ${machine} is ready`);
    return stderr;
  };
  const stderr = await build(name, 'auto');
  const tree = join(place.machines, name);
  if (usualWay(suite) === 'fast') expect(stderr).toMatch(/way +ok: fast/u);
  if (compared.includes(name)) {
    // The very proof that `auto` refers to.
    await build(`${name}-plain`, 'debootstrap');
    const plain = join(place.machines, `${name}-plain`);
    expect(await compareMachines(plain, tree, { differentNames: true, differentWays: true })).toEqual([]);
    await machinespawnOk(place, ['remove', '-y', `${name}-plain`]);
  }

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
  expect(sourcesOf(tree)).toContain(mirror.url);
  if (suite !== 'sid' && suite !== 'forky') expect(sourcesOf(tree)).toContain(`${suite}-security`);
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
