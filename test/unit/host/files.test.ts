import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HostFiles } from '../../../src/host/files.ts';
import { expectCode, runPlainly, scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const files = new HostFiles(runPlainly);
let count = 0;
const fresh = (): string => {
  const path = join(scratch, `case-${(count += 1)}`);
  mkdirSync(path);
  return path;
};

test('text is written whole, with its mode, and nothing is left beside it', async () => {
  const directory = fresh();
  await files.writeText(`${directory}/a`, 'one', { mode: 0o600 });
  await files.writeText(`${directory}/a`, 'two');
  expect(await files.readText(`${directory}/a`)).toBe('two');
  expect(statSync(`${directory}/a`).mode & 0o777).toBe(0o644);
  expect(await files.list(directory)).toEqual(['a']);
  await expectCode(files.writeText(`${directory}/no/such`, ''), 'MSP_FILE_UNWRITABLE');
  await expectCode(files.readText(`${directory}/b`), 'MSP_FILE_UNREADABLE');
});

test('text may be written in parts', async () => {
  const directory = fresh();
  await files.writeText(`${directory}/a`, ['one ', 'two ', 'ä']);
  expect(await files.readText(`${directory}/a`)).toBe('one two ä');
});

test('the digest of a file is that of all of it; what is no file has none', async () => {
  const directory = fresh();
  const content = randomBytes(2_500_000);
  writeFileSync(`${directory}/large`, content);
  writeFileSync(`${directory}/empty`, '');
  symlinkSync('large', `${directory}/link`);
  const digest = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
  expect(await files.sha256(`${directory}/large`)).toBe(digest(content));
  expect(await files.sha256(`${directory}/empty`)).toBe(digest(''));
  for (const name of ['none', 'link', '.', 'large/below'])
    expect(await files.sha256(`${directory}/${name}`)).toBeNull();
});

test('writing through a symlink replaces the link', async () => {
  const directory = fresh();
  writeFileSync(`${directory}/target`, 'old');
  symlinkSync('target', `${directory}/link`);
  await files.writeText(`${directory}/link`, 'new');
  expect(readFileSync(`${directory}/target`, 'utf8')).toBe('old');
  expect((await files.info(`${directory}/link`))?.type).toBe('file');
});

test('link gives a second name, also in the place of another file or of itself', async () => {
  const directory = fresh();
  writeFileSync(`${directory}/one`, '1');
  writeFileSync(`${directory}/two`, '2');
  for (const to of ['new', 'two', 'two']) await files.link(`${directory}/one`, `${directory}/${to}`);
  expect(statSync(`${directory}/two`).ino).toBe(statSync(`${directory}/one`).ino);
  expect(await files.list(directory)).toEqual(['new', 'one', 'two']);
  await expectCode(files.link(`${directory}/none`, `${directory}/two`), 'MSP_FILE_UNWRITABLE');
  expect(await files.readText(`${directory}/two`)).toBe('1');
});

test('publish replaces nothing: file, directory, empty directory, dangling link', async () => {
  const directory = fresh();
  mkdirSync(`${directory}/tree/sub`, { recursive: true });
  writeFileSync(`${directory}/file`, '1');
  mkdirSync(`${directory}/empty`);
  symlinkSync('nowhere', `${directory}/link`);
  for (const to of ['file', 'empty', 'link']) {
    await expectCode(files.publish(`${directory}/tree`, `${directory}/${to}`), 'MSP_FILE_UNWRITABLE');
  }
  await expectCode(files.publish(`${directory}/file`, `${directory}/link`), 'MSP_FILE_UNWRITABLE');
  await files.publish(`${directory}/tree`, `${directory}/there`);
  await files.publish(`${directory}/file`, `${directory}/there/file`);
  expect(readdirSync(`${directory}/there`).toSorted()).toEqual(['file', 'sub']);
});

test('remove takes trees and single files, and does not follow links', async () => {
  const directory = fresh();
  mkdirSync(`${directory}/keep`);
  mkdirSync(`${directory}/tree/deep`, { recursive: true });
  symlinkSync('../keep', `${directory}/tree/link`);
  symlinkSync('keep', `${directory}/link`);
  await files.remove(`${directory}/tree`);
  await files.remove(`${directory}/link`);
  await files.remove(`${directory}/nothing`);
  expect(await files.list(directory)).toEqual(['keep']);
});

test('free bytes of a place that is yet to be made', async () => {
  expect(await files.freeBytes('/tmp/no/such/place')).toBeGreaterThan(0);
});

test('makeDirectory sets the mode of what it makes', async () => {
  const directory = fresh();
  await files.makeDirectory(`${directory}/a/b`, { mode: 0o700 });
  expect(statSync(`${directory}/a/b`).mode & 0o777).toBe(0o700);
  expect(statSync(`${directory}/a`).mode & 0o777).toBe(0o755);
});
