import { describe, expect, it } from 'vitest';
import { foundByAptOnly, packagePins, parsePackageRequest } from '../../../src/model/package-request.ts';
import { errorOf } from './error-of.ts';

const plain = { kind: 'package', arch: null, version: null, suite: null };

describe('what --include asks for', () => {
  it.each([
    ['nano', { ...plain, name: 'nano' }],
    ['g++', { ...plain, name: 'g++' }],
    ['nano=7.2-1+deb12u1', { ...plain, name: 'nano', version: '7.2-1+deb12u1' }],
    ['libc6:i386=1:2~rc1-3', { ...plain, name: 'libc6', arch: 'i386', version: '1:2~rc1-3' }],
    ['nano/bookworm-backports', { ...plain, name: 'nano', suite: 'bookworm-backports' }],
    ['?essential', { kind: 'pattern', text: '?essential' }],
    ['~pstandard', { kind: 'pattern', text: '~pstandard' }],
    ['?or(?priority(required), ?name(nano))', { kind: 'pattern', text: '?or(?priority(required), ?name(nano))' }],
    ['fonts-*', { kind: 'pattern', text: 'fonts-*' }],
  ])('%s', (text, request) => {
    expect(parsePackageRequest(text)).toEqual(request);
  });

  it.each(['', 'Nano', 'nano=', 'nano/', 'nano=1/sid', 'nano:', '-o', './nano.deb', '../x', 'a b', 'nano=1 2', '=1'])(
    "is not '%s'",
    (text) => {
      expect(parsePackageRequest(text)).toBeNull();
    },
  );

  it('is found by apt alone, where it is no name of the machine', () => {
    const problem = (text: string) => foundByAptOnly(parsePackageRequest(text) ?? { kind: 'pattern', text }, 'amd64');
    expect(['nano', 'nano:amd64', 'nano:native', 'nano=1'].map(problem)).toEqual([null, null, null, null]);
    expect([problem('nano:i386'), problem('?essential')]).toEqual([
      "nano:i386 is not of the machine's architecture",
      "'?essential' is a pattern of apt",
    ]);
  });
});

it('two versions of one package cannot both be meant', () => {
  const asked = (name: string, version: string | null, suite: string | null = null) =>
    ({ kind: 'package', name, arch: null, version, suite }) as const;
  expect([...packagePins([asked('a', '1'), asked('a', '1'), asked('b', null), asked('a', null)])]).toEqual([
    ['a', { version: '1', suite: null }],
  ]);
  for (const other of [asked('a', '2'), asked('a', null, 'sid')])
    expect(errorOf(() => packagePins([asked('a', '1'), other])).code).toBe('MSP_USAGE');
});
