/** Every release and architecture of the table: what is asked of which archive, and what it comes to. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archs, type Arch } from '../../src/model/arch.ts';
import { releaseOf } from '../../src/model/releases.ts';
import { releaseTable as releases } from '../../src/model/release-table.ts';
import { addPublicArchive } from '../archive/public-archives.ts';
import { expectedRow } from './support/expected-row.ts';
import { openPublicArchives, type PublicArchives } from './support/public-archives-place.ts';
import { recordDebootstrap, RowRunner } from './support/row-runner.ts';

let archives: PublicArchives;
let runner: RowRunner;
beforeAll(async () => {
  archives = await openPublicArchives([recordDebootstrap]);
  for (const release of releases) {
    await addPublicArchive(archives.server.sites, archives.twins, {
      release,
      archs: archs.filter((arch) => exists(release, arch)),
    });
  }
  runner = new RowRunner(archives);
});
afterAll(async () => {
  await runner.close();
  await archives.close();
});

const exists = ({ ports }: (typeof releases)[number], arch: Arch): boolean => ports[arch].builds;
const pairs = releases.flatMap((release) => archs.map((arch) => ({ release, arch })));
/** Not there at all, or no more than libraries of it. */
const refused = ({ distro, codename, version }: (typeof releases)[number], arch: Arch): boolean => {
  if (distro === 'ubuntu')
    return (arch === 'i386' && Number(version) >= 20) || (arch === 'riscv64' && Number(version) < 20);
  return arch === 'riscv64' && ['jessie', 'stretch', 'buster', 'bullseye', 'bookworm'].includes(codename);
};

describe('each release', () => {
  it.each(
    pairs
      .filter(({ release, arch }) => !refused(release, arch))
      .map(({ release, arch }) => [release.codename, arch, release] as const),
  )('%s %s is asked for, verified and written down as it should be', async (codename, arch, { image, distro }) => {
    archives.server.forget();
    const row = await runner.run(image, arch);
    const expected = expectedRow(codename, distro, arch);
    expect(row.error).toBeNull();
    expect(archives.server.asked.map(({ url }) => url).toSorted()).toEqual(expected.requests);
    expect(archives.server.asked.filter(({ asProxy }) => asProxy)).toEqual([]);
    expect(row.keyring).toBe(expected.keyring);
    expect(row.debootstrap).toEqual(expected.debootstrap);
    expect(row.sources).toEqual(expected.files);
  });

  it.each(
    pairs
      .filter(({ release, arch }) => refused(release, arch))
      .map(({ release, arch }) => [release.codename, arch, release] as const),
  )('%s %s is refused before anything is asked', async (_codename, arch, { image }) => {
    archives.server.forget();
    const { error, exitCode } = await runner.run(image, arch);
    expect({ code: error?.code, exitCode }).toEqual({ code: 'MSP_ARCH_REFUSED', exitCode: 2 });
    expect(archives.server.asked).toEqual([]);
  });
});

describe('a release that the table calls living', () => {
  it('and that has moved is found where it is now', async () => {
    const living = archives.server.sites;
    archives.server.sites = new Map();
    const release = releaseOf('trixie');
    await addPublicArchive(archives.server.sites, archives.twins, { release, archs: ['amd64'], place: 'archived' });
    archives.server.forget();
    const row = await runner.run(release.image, 'amd64');
    archives.server.sites = living;
    expect(row.error).toBeNull();
    const urls = archives.server.asked.map(({ url }) => url);
    expect(urls[0]).toBe('http://deb.debian.org/debian/dists/trixie/InRelease');
    expect(urls).toContain('http://archive.debian.org/debian/dists/trixie/InRelease');
    expect(row.debootstrap.at(-1)).toBe('http://archive.debian.org/debian');
    expect(row.sources['sources.list.d/debian.sources']).toMatch(
      /^URIs: http:\/\/archive\.debian\.org\/debian$[^]*^Check-Valid-Until: no$[^]*^URIs: http:\/\/archive\.debian\.org\/debian-security$/mu,
    );
  });
});
