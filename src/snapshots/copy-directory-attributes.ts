import type { RunTool } from './run-tool.ts';

const flags = "--no-recursion --numeric-owner --acls --xattrs --xattrs-include='*' --format=posix";
// What overlayfs notes on a directory belongs to that very layer; SGI_ is how xfs shows its ACLs a second time.
const script = `set -eu -o pipefail
source=$1 target=$2
shift 2
tar -C "$source" ${flags} --xattrs-exclude='trusted.overlay.*' --xattrs-exclude='trusted.SGI_*' -c -- "$@" | tar -C "$target" ${flags} -p -x`;

/** Owner, mode, times, extended attributes and ACLs of directories (relative paths that are in both trees). */
export async function copyDirectoryAttributes(
  source: string,
  target: string,
  directories: readonly string[],
  run: RunTool,
): Promise<void> {
  await run('bash', ['-c', script, 'bash', source, target, ...directories]);
}
