/** A few shells that take packages apart and have GNU tar write their files into a tree that it cannot leave. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fail } from '../../errors/machinespawn-error.ts';
import { tarEnd, tarOf, type TarFile } from '../../model/tar-file.ts';
import type { Exec } from '../exec.ts';
import type { ExecContext } from '../exec-settings.ts';
import { unwritable } from '../file-error.ts';
import { confinedTar, hostPlace } from './confined-tar.ts';
import { OrderedShell } from './ordered-shell.ts';

/*
 * Orders: "xz NAMES" for packed files, which get unpacked ones beside them, and "tar NAMES" for tar files. A tar that fails
 * ends the shell: its complaints are the reason. The arguments are the command of tar.
 */
const script = `while read -r what names; do
  if [ "$what" = tar ]; then
    { cat -- $names || echo lost >&3; } | "$@" 3>&- || exit
    echo ok >&3
  elif complaint=$(umask 077; exec xz -d -k -q -T1 -- $names 2>&1)
  then echo ok >&3
  else echo "failed: $(echo "$complaint" | tr '\\n' ' ')" >&3
  fi
done`;

/** Of files in its directory, by their names. */
export interface TreeWriter {
  /** Has xz decompress files beside them; answers "ok", or what is wrong. */
  readonly unpackXz: (names: readonly string[]) => Promise<string>;
  /** Has tar unpack them, one after the other. Throws MSP_FILE_UNREADABLE, MSP_TOOL_FAILED, MSP_DISK_FULL, MSP_CANCELLED. */
  readonly extract: (paths: readonly string[]) => Promise<void>;
}

export interface WriterSettings {
  readonly exec: Exec;
  readonly context: ExecContext;
  readonly tree: string;
  /** Where the tar files are. */
  readonly directory: string;
}

/** Opens so many for the time of `act`; nothing of what they need is left in the tree afterwards. */
export async function withTreeWriters<T>(
  { exec, context, tree, directory }: WriterSettings,
  count: number,
  act: (writers: readonly TreeWriter[]) => Promise<T>,
): Promise<T> {
  const place = join(tree, hostPlace);
  await mkdir(place, { mode: 0o755 }).catch((error: unknown) => {
    throw unwritable(place, error);
  });
  try {
    const { file, args, binds = [] } = await confinedTar(tree);
    const settings = { script, args: [file, ...args], binds, cwd: directory, label: 'unpack' };
    const shells = Array.from({ length: count }, () => new OrderedShell(exec, context, settings));
    try {
      const result = await act(shells.map((shell) => writerOf(shell, directory)));
      await Promise.all(shells.map((shell) => shell.end()));
      return result;
    } catch (error) {
      await Promise.all(shells.map((shell) => shell.abandon()));
      throw error;
    }
  } finally {
    await rmdir(place);
  }
}

/** A tar file of our own files for the time of `act`. */
export async function withOwnTar(
  files: readonly TarFile[],
  directory: string,
  act: (path: string) => Promise<void>,
): Promise<void> {
  const path = join(directory, `own.new-${randomBytes(6).toString('hex')}`);
  try {
    await writeFile(path, [tarOf(files), tarEnd], { mode: 0o600 }).catch((error: unknown) => {
      throw unwritable(path, error);
    });
    await act(path);
  } finally {
    await rm(path, { force: true });
  }
}

function writerOf(shell: OrderedShell, directory: string): TreeWriter {
  return {
    unpackXz: async (names) => await shell.order(`xz ${names.join(' ')}`),
    extract: async (paths) => {
      const answer = await shell.order(`tar ${paths.map((path) => basename(path)).join(' ')}`);
      if (answer !== 'ok') throw fail('MSP_FILE_UNREADABLE', { path: directory, problem: 'a kept package is gone' });
    },
  };
}
