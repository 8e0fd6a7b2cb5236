import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HostFiles } from '../../../../src/host/files.ts';
import { TreeFiles } from '../../../../src/host/root-files.ts';
import { requireFile } from '../../../../src/steps/lib/require-file.ts';
import { scratchDirectory } from '../../host/scratch.ts';

const scratch = scratchDirectory();
const run = (): never => {
  throw new TypeError('nothing is to be run');
};
const services = { files: new HostFiles(run), root: (path: string) => new TreeFiles(path, run) };
const hintOf = async (path: string, content: 'tar' | 'raw'): Promise<unknown> =>
  await requireFile(services, path, { content, machine: 'box' }).then(
    () => 'it is a file',
    (error: unknown) => (error as { code: string; hint: string }).code + (error as { hint: string }).hint,
  );

test('what is no file comes with the command that takes it', async () => {
  const [tree, link, fifo, file] = ['a tree', 'link', 'fifo', 'file'].map((name) => join(scratch, name)) as [
    string,
    string,
    string,
    string,
  ];
  mkdirSync(tree);
  symlinkSync(tree, link);
  execFileSync('mkfifo', [fifo]);
  writeFileSync(file, 'x');
  const code = 'MSP_FILE_UNREADABLE';
  expect(await hintOf(file, 'tar')).toBe('it is a file');
  expect(await hintOf(tree, 'tar')).toBe(`${code}sudo tar -C '${tree}' -c . | sudo machinespawn pull-tar - box`);
  expect(await hintOf(link, 'raw')).toBe(`${code}name the disk image in it`);
  expect(await hintOf(fifo, 'raw')).toBe(`${code}sudo cat ${fifo} | sudo machinespawn pull-raw - box`);
  expect(await hintOf('/dev/fd/63', 'tar')).toBe(`${code}COMMAND | sudo machinespawn pull-tar - box`);
});
