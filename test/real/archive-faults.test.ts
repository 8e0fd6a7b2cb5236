/** An archive that is not what it should be: each fault has its own code, keeps nothing bad, and the run goes on with a good one. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { releaseOf } from '../../src/model/releases.ts';
import { bookwormMinbase } from '../archive/bookworm-packages.ts';
import type { SuiteSpec } from '../archive/build-suite.ts';
import type { Sites } from '../archive/archive-site.ts';
import {
  answers,
  changesTo,
  flipsByte,
  notFoundAfter,
  redirectsForEver,
  redirectsTo,
  servesHtml,
  startsLate,
  wrongLength,
  type Fault,
} from '../archive/faults.ts';
import { addPublicArchive } from '../archive/public-archives.ts';
import { TestKeys } from '../archive/test-keys.ts';
import type { TestPackage } from '../archive/test-package.ts';
import { startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { leaksOf } from './support/leaks.ts';
import { errorOf, machinespawn, machinespawnOk, newPlace, type Ended, type Place } from './support/machinespawn.ts';
import { openPublicArchives, type PublicArchives } from './support/public-archives-place.ts';
import { newDirectory } from './support/shared-place.ts';

const index = /\/dists\/jammy\/InRelease$/u;
const packages: TestPackage[] = [];
let mirror: CountingMirror;
let archives: PublicArchives;
let place: Place;
/** As it should be. */
let good: Sites;
beforeAll(async () => {
  mirror = await startCountingMirror();
  archives = await openPublicArchives();
  place = newPlace('faults');
  packages.push(...(await bookwormMinbase(mirror, 'amd64', 'merged')));
  good = await jammy({});
});
afterAll(async () => {
  await archives.close();
  await mirror.close();
});

async function jammy(main: Partial<SuiteSpec>): Promise<Sites> {
  const sites: Sites = new Map();
  const release = releaseOf('jammy');
  await addPublicArchive(sites, archives.twins, { release, archs: ['amd64'], packages: () => packages, main });
  return sites;
}

async function build(sites: Sites, faults: readonly Fault[], ...args: readonly string[]): Promise<Ended> {
  archives.server.forget();
  archives.server.sites = sites;
  archives.server.faults = faults;
  const command = ['bootstrap', '--json', 'ubuntu-jammy', 'bread', '--variant', 'minbase', '--proxy', 'none'];
  return await machinespawn(place, [...command, ...args], archives.inside);
}

const outcome = (ended: Ended): unknown => ({ code: errorOf(ended).code, exit: ended.code });
const fetched = (): readonly string[] =>
  archives.server.asked.filter(({ path, status }) => path.endsWith('.deb') && status === 200).map(({ path }) => path);

async function expectNothingPublished(): Promise<void> {
  expect(readdirSync(place.machines).filter((name) => !name.startsWith('.#'))).toEqual([]);
  expect(await leaksOf(place.root)).toEqual([]);
}

const siteOfMain = (sites: Sites) => sites.get('archive.ubuntu.com') ?? new Map();

describe('an index', () => {
  it.each([
    ['is a web page', () => [servesHtml(index)], 'MSP_ARCHIVE_HTML', 7],
    ['leads in circles', () => [redirectsForEver(index)], 'MSP_REDIRECT_LOOP', 7],
    [
      'leads to where nothing is',
      () => [redirectsTo('http://deb.debian.org/', /\/dists\/jammy\//u)],
      'MSP_SUITE_NOT_FOUND',
      7,
    ],
    ['is longer than it is', () => [wrongLength(1000, index)], 'MSP_NETWORK', 7],
    ['was changed by a bit', () => [flipsByte(200, index)], 'MSP_SIGNATURE_BAD', 8],
    ['is forbidden', () => [answers(403, index)], 'MSP_HTTP_STATUS', 7],
    ['is nowhere', () => [answers(404, /\/dists\/jammy\//u)], 'MSP_SUITE_NOT_FOUND', 7],
  ] as const)('that %s', async (_name, faults, code, exit) => {
    expect(outcome(await build(good, faults()))).toEqual({ code, exit });
    expect(fetched()).toEqual([]);
    await expectNothingPublished();
  });

  it('that nobody signed', async () => {
    expect(outcome(await build(await jammy({ layout: 'unsigned' }), []))).toEqual({
      code: 'MSP_ARCHIVE_UNSIGNED',
      exit: 8,
    });
    expect(fetched()).toEqual([]);
  });

  it('that a stranger signed', async () => {
    const strangers = archives.twins.of(releaseOf('bookworm').signingKeys.main);
    expect(outcome(await build(await jammy({ signedBy: strangers }), []))).toEqual({
      code: 'MSP_SIGNATURE_UNKNOWN',
      exit: 8,
    });
    expect(fetched()).toEqual([]);
  });

  it('of a living release that was signed with a key that has expired', async () => {
    const own = TestKeys.make(newDirectory('expired'), [{ label: 'Expired', expires: '2024-01-01' }]);
    const twins = archives.twins.of(releaseOf('jammy').signingKeys.main);
    const keyring = join(place.root, 'with-expired.gpg');
    writeFileSync(keyring, Buffer.concat([archives.twins.keys.keyring(twins), own.keyring(own.keys)]));
    const sites = await jammy({});
    const text = (siteOfMain(sites).get('/ubuntu/dists/jammy/Release') as Buffer).toString();
    const signed = await own.sign(text, own.keys, { inline: true, at: new Date('2023-06-01T00:00:00Z') });
    siteOfMain(sites).set('/ubuntu/dists/jammy/InRelease', Buffer.from(signed));
    own.close();
    expect(outcome(await build(sites, [], '--keyring', keyring))).toEqual({ code: 'MSP_KEY_EXPIRED', exit: 8 });
    expect(fetched()).toEqual([]);
  });
});

describe('packages', () => {
  it('of which each fault keeps what is good; then the run goes on', async () => {
    const lists = /\/dists\/jammy\/.*\/Packages/u;
    expect(outcome(await build(good, [flipsByte(100, lists)]))).toEqual({ code: 'MSP_INDEX_CORRUPT', exit: 8 });
    expect(fetched()).toEqual([]);

    expect(outcome(await build(good, [notFoundAfter(40)]))).toEqual({ code: 'MSP_DEBOOTSTRAP_NETWORK', exit: 7 });
    const first = fetched();
    expect(first.length).toBe(40);

    const victim = /\/tar_[^/]*\.deb$/u;
    expect(outcome(await build(good, [flipsByte(-1, victim)]))).toEqual({ code: 'MSP_PACKAGE_CORRUPT', exit: 8 });
    const kept = readdirSync(join(place.cache, 'packages/ubuntu')).filter((name) => name.endsWith('.deb'));
    expect(kept.filter((name) => name.startsWith('tar_'))).toEqual([]);
    expect(fetched().filter((path) => first.includes(path))).toEqual([]);
    await expectNothingPublished();

    // The index is newer than the pool: nothing but this one is asked for again.
    expect(outcome(await build(good, [answers(404, victim)]))).toEqual({ code: 'MSP_DEBOOTSTRAP_NETWORK', exit: 7 });
    expect(fetched()).toEqual([]);

    // What debootstrap reads is not what was verified before: found out at its end, when all packages are there.
    const other = await jammy({ date: new Date(Date.now() - 60_000) });
    const changed = await build(good, [changesTo(siteOfMain(other), index)]);
    expect(outcome(changed)).toEqual({ code: 'MSP_ARCHIVE_CHANGED', exit: 7 });
    await expectNothingPublished();

    const built = await build(good, [startsLate(500, index, { times: 1 })]);
    expect(built.code).toBe(0);
    expect(fetched()).toEqual([]);
    const inside = async (...command: readonly string[]): Promise<string> =>
      (await machinespawnOk(place, ['run', 'bread', '--', ...command], archives.inside)).stdout;
    expect(await inside('dpkg', '--audit')).toBe('');
    expect(readFileSync(join(place.machines, 'bread/etc/apt/sources.list'), 'utf8')).toContain(
      'http://security.ubuntu.com/ubuntu jammy-security main universe',
    );
  });

  it('of an archive that is older than the one seen last: a replay', async () => {
    const old = await jammy({ date: new Date(Date.now() - 9 * 24 * 3_600_000) });
    expect(outcome(await build(old, [], '--replace', '--yes'))).toEqual({ code: 'MSP_ARCHIVE_REPLAYED', exit: 8 });
    expect(fetched()).toEqual([]);
  });
});
