import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { debootstrapFailure } from '../../../src/model/debootstrap-failure.ts';
import { createDebootstrapStatusParser, type DebootstrapMessage } from '../../../src/model/debootstrap-status.ts';
import { fixture } from './fixture.ts';

const run = { suite: 'bookworm', mirror: 'http://mirror.example/debian', arch: 'arm64' } as const;

function read(text: string) {
  const parse = createDebootstrapStatusParser();
  return text.split('\n').flatMap((line) => parse(line) ?? []);
}

function messages(text: string): DebootstrapMessage[] {
  return read(text).filter((status) => status.kind === 'message');
}

test('a whole real run: all phases in order, each known by a word', () => {
  const progress = read(fixture('debootstrap/trixie-minbase.status')).filter((status) => status.kind === 'progress');
  const phases = progress.map((status) => status.phase).filter((phase, at, all) => phase !== all[at - 1]);
  expect(phases).toMatchInlineSnapshot(`
    [
      "reading the release file",
      "checking the signature",
      "downloading package lists",
      "choosing packages",
      "downloading packages",
      "extracting packages",
      "installing core packages",
      "unpacking required packages",
      "configuring required packages",
      "configuring the base system",
    ]
  `);
  for (const status of progress) {
    expect(status.done).toBeLessThanOrEqual(status.total);
    expect(status.phase).not.toBe(status.code.toLowerCase());
  }
  const downloads = progress.filter((status) => status.code === 'DOWNDEBS');
  expect(downloads[0]).toMatchObject({ unit: 'bytes', done: 0 });
  // debootstrap itself falls back to 0 at the end.
  const done = downloads.map((status) => status.done);
  expect(done).toEqual([...done].sort((a, b) => a - b));
  expect(done.at(-1)).toBeGreaterThan(30_000_000);
});

test('a whole real run has no failure in it', () => {
  expect(debootstrapFailure(messages(fixture('debootstrap/trixie-minbase.status')), run)).toBeNull();
});

test('messages carry code, arguments and sentence', () => {
  const found = messages(fixture('debootstrap/trixie-minbase.status'));
  expect(found).toContainEqual({
    kind: 'message',
    level: 'info',
    code: 'EXTRACTING',
    args: ['zlib1g'],
    text: 'Extracting zlib1g...',
  });
});

test.each([
  ['leftover', 'MSP_PACKAGE_UNKNOWN', { packages: ['nosuchpkg', 'jqq'], suite: 'bookworm' }],
  ['missingarch', 'MSP_ARCHIVE_LACKS', { what: 'main/binary-armv9/Packages' }],
  [
    'norel',
    'MSP_DEBOOTSTRAP_NETWORK',
    {
      debootstrapCode: 'NOGETREL',
      text: 'Failed getting release file http://127.0.0.1:9/debian/dists/bookworm/Release',
    },
  ],
  [
    'unknownsig',
    'MSP_DEBOOTSTRAP_SIGNATURE',
    { debootstrapCode: 'UNKNOWNRELSIG', text: 'Release signed by unknown key (key id F8D2585B8783D481)' },
  ],
  ['noscript', 'MSP_DEBOOTSTRAP_FAILED', { debootstrapCode: 'NOSCRIPT' }],
])('a real failure: %s', (name, code, data) => {
  const failure = debootstrapFailure(messages(fixture(`debootstrap/${name}.status`)), run);
  expect(failure).toMatchObject({ code, data });
});

const error = (code: string, level: 'error' | 'warning' = 'error'): DebootstrapMessage => ({
  kind: 'message',
  level,
  code,
  args: [],
  text: code,
});

test.each([
  ['MSP_DEBOOTSTRAP_NETWORK', 7, ['NOGETREL', 'BADMIRROR', 'COULDNTDL', 'COULDNTDLPKGS', 'BADDLOAD', 'RETRYING']],
  ['MSP_DEBOOTSTRAP_SIGNATURE', 8, ['UNKNOWNRELSIG', 'BADRELSIG', 'NOGETRELSIG', 'KEYRING', 'NEEDPGPV', 'SIGCHECK']],
  ['MSP_ARCHIVE_LACKS', 2, ['MISSINGRELENTRY', 'INVALIDREL', 'WRONGSUITE']],
  ['MSP_PACKAGE_UNKNOWN', 7, ['LEFTOVERDEBS']],
  ['MSP_BINFMT_MISSING', 6, ['ARCHNOTEXEC']],
  ['MSP_DEBOOTSTRAP_FAILED', 1, ['NOEXEC', 'NEEDCHROOT', 'USRMERGEFAIL', 'FILEEXIST', 'BADTARGET', 'SOMETHINGNEW']],
])('codes that become %s', (code, exitCode, codes) => {
  for (const word of codes) expect(debootstrapFailure([error(word)], run)).toMatchObject({ code, exitCode });
});

test('a wrong digest is told from a download that did not arrive', () => {
  const failure = debootstrapFailure([error('CORRUPTFILE', 'warning'), error('COULDNTDLPKGS')], run);
  expect(failure).toMatchObject({ code: 'MSP_PACKAGE_CORRUPT', exitCode: 8 });
});

test('a list of packages is told from a package', () => {
  const corrupt = (text: string) => ({ ...error('CORRUPTFILE', 'warning'), text });
  const from = 'http://127.0.0.1:9/debian';
  const list = corrupt(`${from}/dists/bookworm/main/binary-amd64/Packages was corrupt`);
  expect(debootstrapFailure([list, error('COULDNTDL')], run)).toMatchObject({ code: 'MSP_INDEX_CORRUPT', exitCode: 8 });
  const package_ = corrupt(`${from}/pool/main/p/perl/perl_5.36_amd64.deb was corrupt`);
  expect(debootstrapFailure([package_, error('COULDNTDLPKGS')], run)?.code).toBe('MSP_PACKAGE_CORRUPT');
});

test('leftovers and odd mounts get a hint', () => {
  expect(debootstrapFailure([error('FILEEXIST')], run)?.hint).toContain('--fresh');
  expect(debootstrapFailure([error('NOEXEC')], run)?.hint).toContain('--cache-dir');
});

test('other output on the stream is passed over, and never throws', () => {
  expect(read('hello\nE: Some plain sentence\nEF: not opened\nPF: x\nP: 1 2\nIA: x')).toEqual([]);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('P: ', 'I: ', 'IA: ', 'IF: ', 'E: ', 'EF: ', ''), fc.string())),
      (lines) => {
        read(lines.map(([head, text]) => head + text).join('\n'));
      },
    ),
  );
});
