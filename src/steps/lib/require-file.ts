/** Images are read more than once, so that one of this host is a regular file: says what to do with other things. */
import { fail } from '../../errors/machinespawn-error.ts';
import type { StepServices } from '../../host/services.ts';
import { shellWords } from '../../model/shell-words.ts';

/** Such as what `<(…)` of a shell names: an end of a pipe of the process that was started with it. */
const descriptorPath = /^\/(?:dev\/stdin$|(?:dev|proc\/[^/]+)\/fd\/)/u;

/** Throws MSP_FILE_UNREADABLE. */
export async function requireFile(
  services: Pick<StepServices, 'root' | 'files'>,
  path: string,
  wanted: { readonly content: 'tar' | 'raw' | 'any'; readonly machine: string },
): Promise<void> {
  const found = await services.files.info(await services.root('/').resolve(path));
  if (found?.type === 'file') return;
  const isDescriptor = descriptorPath.test(path);
  const type = isDescriptor ? 'pipe' : found?.type;
  const machine = wanted.machine || 'NAME';
  const pull = shellWords([wanted.content === 'raw' ? 'pull-raw' : 'pull-tar', '-', machine]);
  if (type === undefined) throw fail('MSP_FILE_UNREADABLE', { path, problem: 'there is no such file' });
  if (type !== 'directory') {
    const from = isDescriptor ? 'COMMAND' : `sudo cat ${shellWords([path])}`;
    const hint = `${from} | sudo machinespawn ${pull}`;
    throw fail('MSP_FILE_UNREADABLE', { path, problem: 'it is no regular file, and can be read but once', hint });
  }
  const packed = `sudo tar -C ${shellWords([path])} -c . | sudo machinespawn ${pull}`;
  const hint = wanted.content === 'raw' ? 'name the disk image in it' : packed;
  throw fail('MSP_FILE_UNREADABLE', { path, problem: 'it is a directory', hint });
}
