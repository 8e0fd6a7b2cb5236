import { linkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { copyAttributesScript } from './copy-directory-attributes.ts';
import { copyFlags } from './copy-tree.ts';
import type { LayerChanges } from './layer-changes.ts';
import { planPatch } from './patch-plan.ts';
import { isMissing } from './path-exists.ts';
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

// The kernel takes 2 MiB of arguments and environment, and a pointer for each.
const mostBytes = 1_000_000;
const linksBetweenBreaths = 500;

interface Lists {
  readonly doomed?: readonly string[];
  readonly made?: readonly string[];
  readonly copied?: readonly string[];
  readonly directories?: readonly string[];
}

/**
 * Makes `target`, a copy of a stack's whole layer, a copy of `source`, which shows the stack. Nobody else may write to
 * either. Not synced; on failure `target` is of no use.
 * Throws a TypeError when more changed than a program can be told, or a name is no text.
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
    if (words.join('\0').length > mostBytes) throw new TypeError('too much has changed to be told to one program');
    await run('bash', ['--norc', '-c', script, 'bash', source, target, ...counts, ...words]);
  };
  const { doomed, newDirectories: made, files, directories: changed } = await planPatch(source, target, changes);
  const directories = ['.', ...changed];
  if (!link || files.every((path) => changes.ownerOf(path) === null))
    return work({ doomed, made, copied: files, directories });
  await work({ doomed, made });
  const copied: string[] = [];
  for (const [at, path] of files.entries()) {
    if (!tryLink(changes.ownerOf(path), join(target, path))) copied.push(path);
    if (at % linksBetweenBreaths === 0) await breathe();
  }
  await work({ copied, directories });
}

function tryLink(from: string | null, to: string): boolean {
  if (from === null) return false;
  try {
    unlinkIfThere(to);
    linkSync(from, to);
    return true;
  } catch {
    // Immutable, or with as many names as the file system allows.
    return false;
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
