/** Directories that were there before packages were unpacked get back what they had. */
import type { UnpackedDeb } from '../../host/debs/debs.ts';
import type { RootFiles } from '../../host/services.ts';
import {
  directoryFormat,
  dueAttributes,
  isSameDirectory,
  parseDirectories,
  type DirectoryAttributes,
} from '../../model/directory-attributes.ts';
import type { Context } from '../define-step.ts';

interface Tree {
  readonly path: string;
  readonly root: RootFiles;
}

const script = 'while [ $# -gt 0 ]; do chown -h "$2" "$3" && chmod "$1" "$3" || exit; shift 3; done';

/** Owner and mode of each directory, by path inside the tree. Throws MSP_TOOL_FAILED. */
export async function listDirectories(
  { services }: Pick<Context, 'services'>,
  { path }: Tree,
): Promise<ReadonlyMap<string, DirectoryAttributes>> {
  const pieces: Buffer[] = [];
  const args = [path, '-xdev', '-type', 'd', '-printf', directoryFormat];
  // Names are bytes, and no lines for the log.
  const onBytes = (bytes: Buffer): void => void pieces.push(Buffer.from(bytes));
  await services.exec({ file: 'find', args, reads: true, sandbox: false, onBytes });
  return parseDirectories(Buffer.concat(pieces));
}

/**
 * Does it the way of dpkg, whatever order the packages came in. `extracted`: in dpkg's order. Throws MSP_TOOL_FAILED.
 * @param before what `listDirectories` gave
 */
export async function settleDirectories(
  { services, log }: Pick<Context, 'services' | 'log'>,
  { path, root }: Tree,
  before: ReadonlyMap<string, DirectoryAttributes>,
  extracted: readonly UnpackedDeb[],
): Promise<void> {
  const changes: string[] = [];
  for (const [place, due] of dueAttributes(before, extracted)) {
    const info = await root.info(place);
    // tar has followed the links on the way; a directory that the last of them leads to is not changed.
    if (info?.type !== 'directory') continue;
    const real = await root.resolve(place);
    const wanted = before.get(real.slice(path.length) || '/') ?? due;
    if (isSameDirectory(info, wanted)) continue;
    log.info(`${place} gets owner and mode as dpkg would leave them`);
    changes.push(wanted.mode.toString(8), `${wanted.uid}:${wanted.gid}`, real);
  }
  if (changes.length > 0) await services.exec({ file: 'sh', args: ['-c', script, 'sh', ...changes], label: 'chmod' });
}
