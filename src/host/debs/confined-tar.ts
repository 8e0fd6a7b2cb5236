/** GNU tar of the host with a tree as its root: whatever an archive says, nothing outside is in its reach. */
import { realpath } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../../errors/machinespawn-error.ts';
import { interpreterOf } from '../../model/elf.ts';
import { requireProgram } from '../find-program.ts';
import type { Command } from '../services.ts';

/** Where the host's programs are seen inside a tree for the time of an extraction. Made and removed by the caller. */
export const hostPlace = '.machinespawn-host';

const headBytes = 4096;

/** `-i`: archives come one after the other. Symlinks to directories stay, as those of merged-/usr must. */
const options = ['-x', '-i', '-p', '--numeric-owner', '--keep-directory-symlink', '--warning=no-timestamp', '-f', '-'];

/** The command that unpacks the archives on its standard input into `tree`. It is to run in a sandbox. */
export async function confinedTar(tree: string): Promise<Command> {
  const tar = await realpath(await requireProgram('tar'));
  const interpreter = await readInterpreter(tar);
  const loader = await realpath(interpreter);
  // A host whose /usr is not merged has its loader elsewhere.
  const from = [tar, loader].every((path) => path.startsWith('/usr/')) ? '/usr' : '/';
  const inside = (path: string): string => `/${hostPlace}/${path.slice(from.length).replace(/^\//u, '')}`;
  const libraries = [dirname(loader), ...(from === '/' ? ['/usr/lib64', '/usr/lib'] : [])].map(inside).join(':');
  return {
    file: 'chroot',
    args: [tree, inside(loader), '--library-path', libraries, inside(tar), ...options],
    label: 'tar',
    binds: [{ from, to: `${tree}/${hostPlace}`, readOnly: true }],
  };
}

async function readInterpreter(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    const interpreter = interpreterOf(buffer.subarray(0, bytesRead));
    if (interpreter === null) throw fail('MSP_FILE_UNREADABLE', { path, problem: 'it names no program interpreter' });
    return interpreter;
  } finally {
    await file.close();
  }
}
