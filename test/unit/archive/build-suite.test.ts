import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { judgeFreshness } from '../../../src/model/release-freshness.ts';
import { parseReleaseFile } from '../../../src/model/release-file.ts';
import { judgeSignatures, parseGpgvStatus } from '../../../src/model/gpgv-status.ts';
import type { Site } from '../../archive/archive-site.ts';
import { buildSuite, type SuiteSpec } from '../../archive/build-suite.ts';
import { sha256Of } from '../../archive/release-text.ts';
import { TestKeys } from '../../archive/test-keys.ts';

let directory: string;
let keys: TestKeys;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'machinespawn-keys-'));
  keys = TestKeys.make(directory, [
    { label: 'Good', expires: null },
    { label: 'Expired', expires: '2020-01-01' },
  ]);
});
afterAll(() => {
  keys.close();
  rmSync(directory, { recursive: true });
});

const good = (): TestKeys['keys'] => keys.keys.slice(0, 1);
const expired = (): TestKeys['keys'] => keys.keys.slice(1);
const tar = {
  name: 'tar',
  paragraph: 'Package: tar\nVersion: 1\nFilename: pool/tar.deb',
  path: 'pool/tar.deb',
  content: Buffer.from('deb'),
};
const spec = (more: Partial<SuiteSpec> = {}): SuiteSpec => ({
  archive: '/debian',
  suite: 'jessie/updates',
  codename: 'jessie',
  components: { main: { amd64: [tar] }, contrib: {} },
  signedBy: good(),
  ...more,
});

async function build(more: Partial<SuiteSpec> = {}): Promise<{ site: Site; text: (name: string) => string }> {
  const site: Site = new Map();
  await buildSuite(site, keys, spec(more));
  return { site, text: (name) => (site.get(`/debian/dists/jessie/updates/${name}`) as Buffer).toString() };
}

function verdictOf(inRelease: string, ring: TestKeys['keys']): ReturnType<typeof judgeSignatures> {
  const [file, keyring] = ['InRelease', 'ring.gpg'].map((name) => join(directory, name)) as [string, string];
  writeFileSync(file, inRelease);
  writeFileSync(keyring, keys.keyring(ring));
  const { stdout } = spawnSync('gpgv', ['--status-fd', '1', '--keyring', keyring, '--output', '/dev/null', file], {
    encoding: 'utf8',
  });
  return judgeSignatures(parseGpgvStatus(stdout));
}

test('an index says what the suite is, and its lists are what it says', async () => {
  const { site, text } = await build({
    missingComponents: ['non-free'],
    validUntil: new Date('2020-01-01'),
    date: new Date('2019-12-01'),
  });
  const release = parseReleaseFile(text('InRelease'), 'test');
  expect(release).toMatchObject({
    codename: 'jessie',
    architectures: ['all', 'amd64'],
    components: ['main', 'contrib', 'non-free'],
  });
  expect(judgeFreshness(release, Date.now()).state).not.toBe('fresh');
  const list = site.get('/debian/dists/jessie/updates/main/binary-amd64/Packages.gz') as Buffer;
  expect(text('Release')).toContain(` ${sha256Of(list)} ${list.length} main/binary-amd64/Packages.gz\n`);
  expect(gunzipSync(list).toString()).toBe(`${tar.paragraph}\n\n`);
  expect(site.get('/debian/pool/tar.deb')).toBe(tar.content);
  expect([...site.keys()].filter((path) => path.includes('non-free'))).toEqual([]);
});

test('is signed as asked, by keys that may have expired since', async () => {
  const { text } = await build();
  expect(verdictOf(text('InRelease'), good())).toMatchObject({ state: 'good' });
  expect(verdictOf(text('InRelease'), expired())).toMatchObject({ state: 'unknown-keys' });
  const old = await build({ signedBy: expired(), date: new Date('2019-06-01') });
  expect(verdictOf(old.text('InRelease'), expired())).toMatchObject({ state: 'expired' });
});

test.each([
  ['inline', ['InRelease']],
  ['detached', ['Release', 'Release.gpg']],
  ['both', ['InRelease', 'Release', 'Release.gpg']],
  ['unsigned', ['Release']],
] as const)('%s: has the files of that layout', async (layout, expected) => {
  const { site } = await build({ layout });
  const names = [...site.keys()].map((path) => path.replace('/debian/dists/jessie/updates/', ''));
  expect(names.filter((name) => /^(?:In)?Release/u.test(name)).toSorted()).toEqual(expected);
});

test('has its lists by their digests, and a pool that is older than they are', async () => {
  const { site } = await build({ byHash: true, poolLacks: ['tar'] });
  const list = site.get('/debian/dists/jessie/updates/main/binary-amd64/Packages') as Buffer;
  expect(site.get(`/debian/dists/jessie/updates/main/binary-amd64/by-hash/SHA256/${sha256Of(list)}`)).toBe(list);
  expect(site.has('/debian/pool/tar.deb')).toBe(false);
});
