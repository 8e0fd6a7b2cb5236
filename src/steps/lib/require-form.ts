/** Refuses what is not the kind of image that was asked for, with the command that takes it. */
import { fail } from '../../errors/machinespawn-error.ts';
import { mostWindowBytes, type ArchiveForm, type Content } from '../../model/archive-form.ts';
import { shellWords } from '../../model/shell-words.ts';

export type WantedContent = 'tar' | 'raw' | 'any';

const found: Readonly<Record<Content, string>> = {
  tar: 'a tar archive',
  raw: 'a raw disk image',
  qcow2: 'a qcow2 disk image',
  html: 'a web page',
  empty: 'empty',
  unknown: 'nothing that is known',
};

/**
 * `isStart`: only the first bytes were looked at, and compressed ones that tell nothing may pass.
 * Throws MSP_PULL_KIND, MSP_PULL_MEMORY.
 */
export function requireForm(
  form: ArchiveForm,
  wanted: WantedContent,
  image: { readonly name: string; readonly source: string; readonly machine: string; readonly isStart: boolean },
): void {
  const { content, compression, windowBytes } = form;
  if (windowBytes !== undefined)
    throw fail('MSP_PULL_MEMORY', { name: image.name, neededBytes: windowBytes, allowedBytes: mostWindowBytes });
  if (content === 'unknown' && compression !== 'none' && image.isStart) return;
  const isDisk = content === 'raw' || content === 'qcow2';
  const kind = content === 'tar' ? 'tar' : isDisk ? 'raw' : null;
  if (kind !== null && (wanted === 'any' || wanted === kind)) return;
  const wantedWords = wanted === 'tar' ? 'a tar' : wanted === 'raw' ? 'a disk image' : 'an image';
  const words = [`pull-${kind}`, image.source, image.machine].filter(Boolean);
  const command = kind === null ? null : shellWords(words);
  const from = fromOf(image.source);
  throw fail('MSP_PULL_KIND', { name: image.name, found: found[content], wanted: wantedWords, command, from });
}

function fromOf(source: string): 'address' | 'file' | 'input' {
  if (source === '-') return 'input';
  return /^(?:https?:|lxc:)/iu.test(source) ? 'address' : 'file';
}
