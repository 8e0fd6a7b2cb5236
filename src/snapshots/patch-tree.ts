import { linkSync } from 'node:fs';
import { join } from 'node:path';
import { copyAttributesScript } from './copy-directory-attributes.ts';
import { copyFlags } from './copy-tree.ts';
import type { LayerChanges } from './layer-changes.ts';
import { planPatch } from './patch-plan.ts';
import type { RunTool } from './run-tool.ts';

// Arguments: source, target, then how many words each list but the last has, then the lists.
const script = `set -eu -o pipefail
source=$1 target=$2 doomed=$3 made=$4 copied=$5; shift 5
cd -- "$target"
[ "$doomed" = 0 ] || rm -rf --one-file-system -- "\${@:1:doomed}"
shift "$doomed"
[ "$made" = 0 ] || mkdir -m 0700 -- "\${@:1:made}"
shift "$made"
cd -- "$source"
[ "$copied" = 0 ] || cp ${copyFlags.join(' ')} --parents --remove-destination --target-directory="$target" -- "\${@:1:copied}"
shift "$copied"
[ "$#" = 0 ] && exit
# Extended attributes are added only: those of the whole layer go first. Hardly ever there are any.
clear_attributes() {
  for directory; do
    getfattr -h -m - -- "$directory" | sed '1d;/^$/d' | while IFS= read -r name; do
      setfattr -h -x "$name" -- "$directory"
    done
  done
}
(cd -- "$target"; [ -z "$(getfattr -h -m - -- "$@")" ] || clear_attributes "$@")
${copyAttributesScript}`;

interface Lists {
  readonly doomed?: readonly string[];
  readonly made?: readonly string[];
  readonly copied?: readonly string[];
  readonly directories?: readonly string[];
}

/**
 * Makes `target`, a copy of a stack's whole layer, a copy of `source`, which shows the stack. Nobody else may write to
 * either. Not synced; on failure `target` is of no use.
 * `link`: files are hard links to those of the layers where they can be; else they are copies.
 */
export async function patchTree(
  source: string,
  target: string,
  changes: LayerChanges,
  run: RunTool,
  { link }: { readonly link: boolean },
): Promise<void> {
  // One program for all of it: to start one takes longer than its work.
  const work = async ({ doomed = [], made = [], copied = [], directories = [] }: Lists): Promise<void> => {
    const counts = [doomed, made, copied].map((list) => String(list.length));
    const words = [doomed, made, copied, directories].flat().map((path) => `./${path}`);
    await run('bash', ['--norc', '-c', script, 'bash', source, target, ...counts, ...words]);
  };
  const { doomed, newDirectories: made, files, directories: changed } = planPatch(source, target, changes);
  const directories = ['.', ...changed];
  const links = new Map(files.flatMap((path) => linkOf(path, link ? changes.ownerOf(path) : null)));
  if (links.size === 0) return work({ doomed, made, copied: files, directories });
  await work({ doomed: [...doomed, ...links.keys()], made });
  const copied = files.filter((path) => !tryLink(links.get(path), join(target, path)));
  await work({ copied, directories });
}

function linkOf(path: string, from: string | null): readonly (readonly [string, string])[] {
  return from === null ? [] : [[path, from]];
}

function tryLink(from: string | undefined, to: string): boolean {
  if (from === undefined) return false;
  try {
    linkSync(from, to);
    return true;
  } catch {
    // Immutable, or with as many names as the file system allows.
    return false;
  }
}
