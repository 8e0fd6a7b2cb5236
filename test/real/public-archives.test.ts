/** One release of each kind, built from the address where the public has it today. The packages are bookworm's. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Arch } from '../../src/model/arch.ts';
import { releaseOf } from '../../src/model/releases.ts';
import { bookwormMinbase } from '../archive/bookworm-packages.ts';
import { addPublicArchive } from '../archive/public-archives.ts';
import { startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { leaksOf } from './support/leaks.ts';
import { machinespawnOk, newPlace, type Ended, type Place } from './support/machinespawn.ts';
import { openPublicArchives, type PublicArchives } from './support/public-archives-place.ts';

let mirror: CountingMirror;
let archives: PublicArchives;
let place: Place;
beforeAll(async () => {
  mirror = await startCountingMirror();
  archives = await openPublicArchives();
  place = newPlace('kinds');
});
afterAll(async () => {
  await archives.close();
  await mirror.close();
});

const inside = async (...args: readonly string[]): Promise<Ended> => await machinespawnOk(place, args, archives.inside);

async function serve(codename: string, arch: Arch, usr: 'merged' | 'split'): Promise<void> {
  const packages = await bookwormMinbase(mirror, arch, usr);
  archives.server.sites = new Map();
  await addPublicArchive(archives.server.sites, archives.twins, {
    release: releaseOf(codename),
    archs: [arch],
    packages: () => packages,
  });
  archives.server.forget();
}

const build = async (codename: string, arch: Arch): Promise<Ended> =>
  await inside('bootstrap', codename, codename, arch, '--variant', 'minbase', '--proxy', 'none');

async function expectSound(name: string, arch: Arch): Promise<void> {
  expect((await inside('run', name, '--', 'dpkg', '--print-architecture')).stdout).toBe(`${arch}\n`);
  expect((await inside('run', name, '--', 'dpkg', '--audit')).stdout).toBe('');
  expect(await leaksOf(place.root)).toEqual([]);
}

const sourcesOf = (name: string, file: string): string =>
  readFileSync(join(place.machines, name, 'etc/apt', file), 'utf8');
const urlsOf = (pattern: RegExp): readonly string[] =>
  archives.server.asked.map(({ url }) => url).filter((url) => pattern.test(url));

describe('a machine', () => {
  it('of archived Debian: signed apart by a key that has expired, its security suite in a directory of its own', async () => {
    await serve('jessie', 'amd64', 'split');
    const { stderr } = await build('jessie', 'amd64');
    expect(stderr).toMatch(/the key that signed jessie has expired: it is accepted, since the release is archived/u);
    expect(urlsOf(/Release/u)).toContain('http://archive.debian.org/debian/dists/jessie/Release.gpg');
    expect(sourcesOf('jessie', 'sources.list')).toContain(
      'http://archive.debian.org/debian-security jessie/updates main',
    );
    await expectSound('jessie', 'amd64');
  });

  it('of archived Ubuntu', async () => {
    await serve('kinetic', 'amd64', 'merged');
    await build('kinetic', 'amd64');
    expect(urlsOf(/./u).every((url) => url.startsWith('http://old-releases.ubuntu.com/ubuntu/'))).toBe(true);
    expect(sourcesOf('kinetic', 'sources.list')).toContain(
      'http://old-releases.ubuntu.com/ubuntu kinetic-security main universe',
    );
    await expectSound('kinetic', 'amd64');
  });

  it("of Ubuntu's ports, through an emulator", async () => {
    await serve('noble', 'arm64', 'merged');
    await build('noble', 'arm64');
    expect(urlsOf(/./u).every((url) => url.startsWith('http://ports.ubuntu.com/ubuntu-ports/'))).toBe(true);
    expect(sourcesOf('noble', 'sources.list.d/ubuntu.sources')).toMatch(
      /^URIs: http:\/\/ports\.ubuntu\.com\/ubuntu-ports$/mu,
    );
    await expectSound('noble', 'arm64');

    // The registration of Debian's qemu-user-static has no flag C.
    const { checks } = JSON.parse((await inside('doctor', '--json')).stdout) as {
      readonly checks: readonly { readonly id: string; readonly detail: string }[];
    };
    expect(checks.find(({ id }) => id === 'setuid.noble')?.detail).toMatch(
      /^its setuid programs get no rights, since qemu-aarch64 is registered without the flag C: /u,
    );
    expect(checks.filter(({ id }) => id.startsWith('setuid.')).length).toBe(1);
  });
});
