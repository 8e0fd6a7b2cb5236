import type { RunTool } from './run-tool.ts';

const flags = "--no-recursion --no-unquote --numeric-owner --acls --xattrs --xattrs-include='*' --format=posix";
// tar reads backslashes in the directory after -C as escapes, so the shell goes there.
// What overlayfs notes on a directory belongs to that very layer; SGI_ is how xfs shows its ACLs a second time.
const exclude = "--xattrs-exclude='trusted.overlay.*' --xattrs-exclude='trusted.SGI_*'";
const begin = 'set -eu -o pipefail; source=$1 target=$2; shift 2';
const unpack = `(cd -- "$target" && tar ${flags} -p -x -f -)`;
/** For bash: directories of \$source to \$target; their relative paths are its arguments. */
export const copyAttributesScript = `(cd -- "$source" && tar ${flags} ${exclude} -c -f - -- "$@") | ${unpack}`;
const script = `${begin}
${copyAttributesScript}`;
/** Owner, mode, times, extended attributes and ACLs of directories (relative paths that are in both trees). */
export async function copyDirectoryAttributes(
  source: string,
  target: string,
  directories: readonly string[],
  run: RunTool,
): Promise<void> {
  await run('bash', ['--norc', '-c', script, 'bash', source, target, ...directories]);
}
