import { expect, test } from 'vitest';
import { imageCells, imageRows, portNotes, type Runs } from '../../../src/model/image-rows.ts';
import { releaseStatus } from '../../../src/model/release-status.ts';
import { currentReleases, releaseOf } from '../../../src/model/releases.ts';
import type { Arch } from '../../../src/model/arch.ts';

const runs: Record<Arch, Runs> = { amd64: 'native', i386: 'native', armhf: 'qemu', arm64: 'qemu', riscv64: null };
const today = '2026-11-22';
const cached = [
  { image: 'debian-12', arch: 'amd64', variant: 'default', createdAt: '2026-11-20T08:00:00Z', sizeBytes: 301_989_888 },
] as const;
const rows = imageRows({ releases: currentReleases().releases, host: 'amd64', runs, cached, today });

test.each([
  ['jessie', 'eol, archive only'],
  ['bullseye', 'eol 2026-08-31'],
  ['bookworm', 'lts to 2028-06-30'],
  ['trixie', 'supported to 2028-08-09'],
  ['forky', 'testing'],
  ['sid', 'unstable'],
  ['xenial', 'eol 2021-04-30 (esm)'],
  ['jammy', 'supported to 2027-06-01'],
  ['kinetic', 'eol 2023-07-20, old-releases'],
  ['tenacious', 'in development, due 2027-04-22'],
])('status of %s today', (codename, text) => {
  expect(releaseStatus(releaseOf(codename), today).text).toBe(text);
});

test('the last day of support counts', () => {
  expect(releaseStatus(releaseOf('jammy'), '2027-06-01').status).toBe('supported');
  expect(releaseStatus(releaseOf('jammy'), '2027-06-02')).toEqual({ status: 'eol', text: 'eol 2027-06-01 (esm)' });
  expect(releaseStatus(releaseOf('bookworm'), '2026-07-11').status).toBe('supported');
  expect(releaseStatus(releaseOf('bookworm'), '2028-07-01').status).toBe('eol');
  expect(releaseStatus(releaseOf('tenacious'), '2027-04-22').status).toBe('supported');
});

test('the table, as the manual shows it', () => {
  const shown = ['debian-8', 'debian-12', 'debian-13', 'ubuntu-16.04', 'ubuntu-22.04', 'ubuntu-22.10', 'debian-sid'];
  const lines = shown.map((image) => {
    const row = rows.find((candidate) => candidate.image === image);
    return row === undefined ? image : Object.values(imageCells(row, releaseOf(row.codename))).join(' | ');
  });
  expect(lines).toEqual([
    'debian-8 | jessie | eol, archive only | yes | yes | qemu | qemu | debootstrap | -',
    'debian-12 | bookworm | lts to 2028-06-30 | yes | yes | qemu | qemu | fast | amd64',
    'debian-13 | trixie | supported to 2028-08-09 | yes | part | qemu | qemu | fast | -',
    'ubuntu-16.04 | xenial | eol 2021-04-30 (esm) | yes | yes | qemu | qemu | debootstrap | -',
    'ubuntu-22.04 | jammy | supported to 2027-06-01 | yes | part | qemu | qemu | debootstrap | -',
    'ubuntu-22.10 | kinetic | eol 2023-07-20, old-releases | yes | part | qemu | qemu | debootstrap | -',
    'debian-sid | unstable | unstable | yes | part | qemu | qemu | fast | -',
  ]);
});

test('why ports are refused or not whole', () => {
  const notes = portNotes(rows);
  expect(notes).toContain(
    'ubuntu-20.04 and 11 more, i386: refused: since 20.04 Ubuntu has only some libraries for i386, not a whole system; use amd64',
  );
  expect(notes).toContainEqual(expect.stringMatching(/^debian-13 and 2 more, i386: i386 is an add-on/u));
  expect(notes).toContainEqual(expect.stringMatching(/^debian-8 and 4 more, riscv64: refused: Debian has riscv64/u));
  expect(notes).toContainEqual(expect.stringMatching(/^ubuntu-25\.10 and 3 more, riscv64: since 25\.10/u));
  expect(new Set(notes).size).toBe(notes.length);
});

test('the JSON of one row', () => {
  expect(rows.find((row) => row.image === 'debian-12')).toMatchObject({
    aliases: ['debian-bookworm', 'bookworm', 'debian-oldstable', 'oldstable'],
    version: '12',
    status: 'lts',
    supportedUntil: '2026-07-11',
    ltsUntil: '2028-06-30',
    keyring: '/usr/share/keyrings/debian-archive-keyring.gpg',
    architectures: {
      amd64: { available: true, runs: 'native', way: 'fast' },
      arm64: { available: true, runs: 'qemu', way: 'fast' },
      riscv64: { available: false, runs: null, way: null },
    },
    way: 'fast',
    boots: true,
    cached: [{ arch: 'amd64', variant: 'default', createdAt: '2026-11-20T08:00:00Z', sizeBytes: 301_989_888 }],
  });
  expect(rows.find((row) => row.image === 'ubuntu-22.04')?.architectures.i386).toMatchObject({
    available: false,
    runs: null,
  });
  const old = rows.find((row) => row.image === 'debian-8');
  expect([old?.boots, old?.way, old?.architectures.amd64.way]).toEqual([false, 'debootstrap', 'debootstrap']);
});
