import { expect, test } from 'vitest';
import { checksums } from '../../../src/steps/checksums.ts';
import { exits, fakeHost, testStep, type Program } from '../../../src/testing.ts';
import { artifactOf } from './tree-fixture.ts';

const files = [artifactOf('b.tar', 'B'), artifactOf('a.tar', 'A')];
const sums = files
  .toReversed()
  .map(({ name, sha256 }) => `${sha256}  ${name}\n`)
  .join('');
const heard: string[] = [];
const gpg: Program = function* gpg({ args, stdin, world }) {
  yield;
  if (stdin !== '') heard.push(stdin);
  if (args.includes('--detach-sign')) world.put({ [args[args.indexOf('--output') + 1] ?? '']: 'signed' });
};
const host = fakeHost({ programs: { gpg } });
const signature = artifactOf('SHA256SUMS.gpg', 'signed');

testStep(
  checksums,
  {
    accepts: [
      {
        name: 'digests alone',
        input: { files },
        output: { sums: artifactOf('SHA256SUMS', sums), signature: null },
      },
      {
        name: 'signed with a key that is given',
        input: { files, key: 'PRIVATE KEY', passphrase: 'open sesame', epoch: 86_400 },
        host,
        output: { sums: artifactOf('SHA256SUMS', sums), signature },
        after: (world) => {
          // On no command line, in no file.
          expect(JSON.stringify(world.commands.map(({ args }) => args))).not.toMatch(/PRIVATE|sesame/u);
          expect(heard.slice(-2)).toEqual(['PRIVATE KEY\n', 'open sesame\n']);
          expect(world.commands.at(-1)?.args).toEqual(expect.arrayContaining(['--faked-system-time', '86400!']));
        },
      },
      {
        name: 'signed by one of the keys of the host',
        input: { files, gpgHome: '/root/keys', localUser: 'ada@example.org', name: 'SUMS' },
        host,
        output: { sums: artifactOf('SUMS', sums), signature: { ...signature, name: 'SUMS.gpg' } },
        after: (world) => {
          expect(world.commands).toHaveLength(1);
          expect(world.commands[0]?.args).toEqual(expect.arrayContaining(['--local-user', 'ada@example.org']));
        },
      },
    ],
    refuses: [
      { name: 'nothing to sum up', input: { files: [] }, at: 'files' },
      { name: 'a relative directory', input: { files, gpgHome: '.gnupg' }, at: 'gpgHome' },
    ],
    fails: [
      { name: 'two files of one name', input: { files: [files[0], files[0]] as typeof files }, code: 'MSP_USAGE' },
      {
        name: 'a key that is none',
        input: { files, key: 'no key' },
        host: fakeHost({ programs: { gpg: exits(2, 'gpg: no valid OpenPGP data found.') } }),
        code: 'MSP_SIGNING_FAILED',
      },
      { name: 'no gpg', input: { files, key: 'a key' }, code: 'MSP_TOOL_MISSING' },
    ],
  },
  test,
);

test('the passphrase plays no part in the key, which files there are does', () => {
  const given = { files, name: 'S', key: 'k', gpgHome: '', localUser: '', passphrase: 'p', epoch: null };
  expect(checksums.identity?.(given)).toEqual(checksums.identity?.({ ...given, passphrase: null }));
  expect(checksums.identity?.(given)).not.toEqual(checksums.identity?.({ ...given, files: files.slice(1) }));
  expect(checksums.identity?.(given)).not.toEqual(checksums.identity?.({ ...given, key: 'other' }));
});
