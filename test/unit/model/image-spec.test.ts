import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { archs } from '../../../src/model/arch.ts';
import { archForImage, chooseArch, formatImageSpec, parseImageSpec } from '../../../src/model/image-spec.ts';
import { aliasesOf, currentReleases } from '../../../src/model/releases.ts';
import { errorOf } from './error-of.ts';

test.each([
  ['debian-12', 'bookworm', null],
  ['debian-bookworm', 'bookworm', null],
  ['debian:12', 'bookworm', null],
  ['debian/bookworm', 'bookworm', null],
  ['debian/12/arm64', 'bookworm', 'arm64'],
  ['bookworm', 'bookworm', null],
  ['bookworm/armhf', 'bookworm', 'armhf'],
  ['debian:12/arm64', 'bookworm', 'arm64'],
  ['debian-14', 'forky', null],
  ['sid', 'sid', null],
  ['debian-sid', 'sid', null],
  ['unstable', 'sid', null],
  ['testing', 'forky', null],
  ['stable', 'trixie', null],
  ['debian-stable', 'trixie', null],
  ['debian:oldstable', 'bookworm', null],
  ['ubuntu-22.04', 'jammy', null],
  ['ubuntu-jammy', 'jammy', null],
  ['ubuntu:22.10/i386', 'kinetic', 'i386'],
  ['jammy', 'jammy', null],
  ['lts', 'resolute', null],
  ['ubuntu-devel', 'tenacious', null],
])('%s', (text, codename, arch) => {
  expect(parseImageSpec(text)).toMatchObject({ codename, arch });
});

test('a spec is frozen and whole', () => {
  const spec = parseImageSpec('debian:12/arm64');
  expect(spec).toEqual({ distro: 'debian', version: '12', codename: 'bookworm', arch: 'arm64', image: 'debian-12' });
  expect(Object.isFrozen(spec)).toBe(true);
  expect(parseImageSpec('sid')).toMatchObject({ version: null, image: 'debian-sid' });
});

test.each([
  ['ubuntu-jamy', 'ubuntu-jammy'],
  ['debian-12-anything', 'debian-12'],
  ['debian-12.5', 'debian-12'],
  ['Debian-12', 'debian-12'],
  ['BOOKWORM', 'bookworm'],
  ['debian 12', 'debian-12'],
  ['debian_bookworm', 'debian-bookworm'],
  ['debian/bookwrm', 'debian-bookworm'],
  ['debian', 'debian-stable'],
  ['ubuntu', 'ubuntu-lts'],
  ['jamy/arm46', 'jammy/arm64'],
  ['debian-12 ', 'debian-12'],
  ['fedora-43', null],
  ['', null],
  ['12', null],
])('%j is no image; meant is %s', (text, nearest) => {
  const error = errorOf(() => parseImageSpec(text));
  expect(error).toMatchObject({ code: 'MSP_IMAGE_UNKNOWN', exitCode: 2, data: { image: text, nearest } });
});

test.each([
  'debian-jammy',
  'ubuntu-bookworm',
  'debian-bookwormy',
  'debian-99',
  'ubuntu-testing',
  'debian-devel',
  'debian-12/',
  '/arm64',
  'debian-lts',
  '__proto__',
  'ubuntu-constructor-x',
  'constructor',
  'duke',
])('%j is refused', (text) => {
  expect(errorOf(() => parseImageSpec(text)).exitCode).toBe(2);
});

test.each([
  ['debian-duke', 'debian', 'debian-duke', null],
  ['debian:duke/arm64', 'debian', 'debian-duke', 'arm64'],
  ['ubuntu/unheard', 'ubuntu', 'ubuntu-unheard', null],
] as const)('%s is taken for a coming release', (text, distro, image, arch) => {
  expect(parseImageSpec(text)).toMatchObject({ distro, image, version: null, arch });
  expect(archForImage(parseImageSpec(text), 'amd64')).toBe('amd64');
});

test('a wrong architecture is named', () => {
  const error = errorOf(() => parseImageSpec('bookworm/aarch64'));
  expect(error).toMatchObject({ code: 'MSP_ARCH_UNKNOWN', data: { nearest: 'arm64' } });
});

test('every name of every release leads to it, and no name to two', () => {
  const seen = new Set<string>();
  for (const release of currentReleases().releases) {
    for (const name of [release.image, ...aliasesOf(release)]) {
      expect(seen.has(name), name).toBe(false);
      seen.add(name);
      expect(parseImageSpec(name).codename).toBe(release.codename);
      for (const arch of archs)
        expect(parseImageSpec(`${name}/${arch}`)).toMatchObject({ codename: release.codename, arch });
    }
  }
  expect(seen.size).toBeGreaterThan(70);
});

test('any text parses to a spec that reads back as itself, or is refused with a proposal that parses', () => {
  const near = fc
    .tuple(
      fc.constantFrom(...currentReleases().releases.flatMap((release) => [release.image, ...aliasesOf(release)])),
      fc.nat(),
      fc.string({ maxLength: 3 }),
    )
    .map(
      ([name, at, text]) =>
        `${name.slice(0, at % (name.length + 1))}${text}${name.slice((at + 1) % (name.length + 1))}`,
    );
  fc.assert(
    fc.property(fc.oneof(near, fc.string({ unit: 'binary', maxLength: 30 })), (text) => {
      try {
        const spec = parseImageSpec(text);
        expect(parseImageSpec(formatImageSpec(spec))).toEqual(spec);
      } catch {
        const error = errorOf(() => parseImageSpec(text));
        expect(['MSP_IMAGE_UNKNOWN', 'MSP_ARCH_UNKNOWN']).toContain(error.code);
        const { nearest } = error.data as { nearest: string | null };
        if (error.code === 'MSP_IMAGE_UNKNOWN' && nearest !== null) expect(parseImageSpec(nearest).image).not.toBe('');
      }
    }),
    { numRuns: 1500 },
  );
});

test('i386 is refused with a reason where Ubuntu has only libraries', () => {
  const error = errorOf(() => archForImage(parseImageSpec('ubuntu-20.04'), 'i386'));
  expect(error).toMatchObject({ code: 'MSP_ARCH_REFUSED', exitCode: 2 });
  expect(error.message).toContain('only some libraries');
  expect(archForImage(parseImageSpec('ubuntu-18.04'), 'i386')).toBe('i386');
  expect(errorOf(() => archForImage(parseImageSpec('bookworm'), 'riscv64')).code).toBe('MSP_ARCH_REFUSED');
});

test('what this issue builds is allowed', () => {
  for (const image of ['bullseye', 'bookworm', 'trixie', 'forky', 'sid']) {
    for (const arch of ['amd64', 'i386', 'arm64', 'armhf'] as const) {
      expect(archForImage(parseImageSpec(image), arch)).toBe(arch);
    }
  }
});

test('the architecture asked for comes before the spelling, and that before the host', () => {
  expect(chooseArch(parseImageSpec('bookworm'), null, 'amd64')).toBe('amd64');
  expect(chooseArch(parseImageSpec('bookworm/arm64'), null, 'amd64')).toBe('arm64');
  expect(chooseArch(parseImageSpec('bookworm'), 'armhf', 'amd64')).toBe('armhf');
  expect(errorOf(() => chooseArch(parseImageSpec('bookworm/arm64'), 'armhf', 'amd64')).code).toBe('MSP_USAGE');
});
