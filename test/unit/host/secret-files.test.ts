import { statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SecretFiles } from '../../../src/host/secret-files.ts';
import { expectCode, scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const environment = { KEY: 'from the environment', SHORT: 'abc' };
const open = (place = 'key') =>
  new SecretFiles({ environment, cwd: scratch, keyFile: `${scratch}/${place}/secret.key` });

test('a secret is read from a file, without its last line break, or from the environment', async () => {
  writeFileSync(`${scratch}/k`, 'in a file\n');
  const secrets = open();
  expect(secrets.canonical('@k')).toBe(`@${scratch}/k`);
  expect(secrets.canonical('env:KEY')).toBe('env:KEY');
  expect((await secrets.open('key', '@k')).value).toBe('in a file');
  expect((await secrets.open('key', 'env:KEY')).value).toBe('from the environment');
});

test('its digest is the same on this host, and another with another key', async () => {
  const [one, again, elsewhere] = [open(), open(), open('other')];
  const { digest } = await one.open('key', 'env:KEY');
  expect(digest).toMatch(/^[0-9a-f]{32}$/u);
  expect((await again.open('key', 'env:KEY')).digest).toBe(digest);
  expect((await elsewhere.open('key', 'env:KEY')).digest).not.toBe(digest);
  expect(statSync(`${scratch}/key/secret.key`).mode & 0o777).toBe(0o600);
});

test('two processes that need the key at once take the same one', async () => {
  const both = await Promise.all([open('race'), open('race')].map((one) => one.open('key', 'env:KEY')));
  expect(both[0]?.digest).toBe(both[1]?.digest);
});

test.each(['@none', '@.', 'env:NONE', 'env:SHORT'])('%s is of no use', async (source) => {
  await expectCode(open().open('key', source), 'MSP_SECRET_UNUSABLE');
});

test('a file that is too large is no secret', async () => {
  writeFileSync(`${scratch}/large`, 'x'.repeat(70_000));
  await expectCode(open().open('key', '@large'), 'MSP_SECRET_UNUSABLE');
});
