import { fail } from '../../errors/machinespawn-error.ts';
import type { TreeBind } from './run-in-tree.ts';

/** SOURCE[:TARGET], both absolute; a colon in a name is written `\:`. Throws MSP_USAGE. */
export function parseBind(text: string, readOnly: boolean): TreeBind {
  const [from = '', to = from, ...rest] = text
    .replaceAll(String.raw`\:`, '\0')
    .split(':')
    .map((part) => part.replaceAll('\0', ':'));
  if (rest.length === 0 && from.startsWith('/') && to.startsWith('/')) return { from, to, readOnly };
  throw fail('MSP_USAGE', {
    problem: `'${text}' is not a bind mount`,
    hint: 'write SOURCE:TARGET, both beginning with /',
  });
}
