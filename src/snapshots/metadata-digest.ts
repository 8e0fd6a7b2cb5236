import { createHash } from 'node:crypto';
import type { RunTool } from './run-tool.ts';

/*
 * Device numbers come from stat, as find cannot print them. Sizes of directories are left out: a file system may
 * repack them; link counts, as another snapshot may share the file. Both lists are sorted, as the order of a directory
 * is not a property of the tree.
 */
const script = String.raw`
set -eu -o pipefail
export LC_ALL=C TZ=UTC
# Of memory; what is more is sorted on disk.
most=16M
attributes() {
  getfattr -R -P -h -d -m - -e hex . |
    awk 'BEGIN { RS = "" } { gsub(/\n/, " "); print }' | sort -S "$most" | sha256sum
}
# Side by side, and told in this order.
exec 3< <(attributes && echo whole)
find . -xdev \( \
  -type f -printf 'f %m %U:%G %s %T@ %p\0' -o \
  -type d -printf 'd %m %U:%G %T@ %p\0' -o \
  -type l -printf 'l %U:%G %T@ %p -> %l\0' -o \
  \( -type b -o -type c \) -exec stat --printf 'n %f %u:%g %t:%T %.9Y %n\0' {} + -o \
  -printf '%y %m %U:%G %T@ %p\0' \) | sort -z -S "$most" | sha256sum
read -r digest <&3
read -r whole <&3
echo "$digest"
`;

/**
 * SHA-256 (hex) over what can be told about a tree without reading its files: paths, types, modes, owners,
 * sizes, times, symlink targets, device numbers, extended attributes (with ACLs and file capabilities).
 */
export async function computeMetadataDigest(directory: string, run: RunTool): Promise<string> {
  // Started by node (its stdin is a socket), bash takes itself for a remote shell and would read ~/.bashrc.
  const { stdout } = await run('bash', ['--norc', '-c', script], { cwd: directory });
  const [entries, attributes] = stdout.split('\n').map((line) => line.slice(0, 64));
  return createHash('sha256').update(`${entries}\n${attributes}\n`).digest('hex');
}
