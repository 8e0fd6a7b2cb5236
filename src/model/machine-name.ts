/** Names of machines: what systemd-nspawn really takes, which is less than its manual says. */
import { fail } from '../errors/machinespawn-error.ts';

export type MachineName = string & { readonly __brand: 'MachineName' };

const maxLength = 64;
const label = /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/u;
const rule = "only letters, digits, '-' and '.', at most 64 characters";

/** Throws MSP_NAME_INVALID with the reason and a name that would do, if one can be made. */
export function parseMachineName(text: string): MachineName {
  const reason = faultOf(text);
  if (reason === null) return text as MachineName;
  throw fail('MSP_NAME_INVALID', { name: text, reason, suggestion: suggest(text) });
}

/** Longer names get a hashed interface name ("ve-" and 12 characters fit). */
export function isCutOnVirtualEthernet(name: MachineName): boolean {
  return name.length > 12;
}

function faultOf(text: string): string | null {
  if (text === '') return 'it is empty';
  if (text === '.host') return "'.host' is the host itself";
  const odd = /[^A-Za-z0-9.-]/u.exec(text)?.[0];
  if (odd !== undefined) return `${describeCharacter(odd)} is not allowed, ${rule}`;
  if (text.length > maxLength) return `it has ${text.length} characters, at most ${maxLength} are allowed`;
  if (text.startsWith('.') || text.endsWith('.')) return "it must not start or end with '.'";
  if (text.includes('..')) return 'two dots in a row are not allowed, each part needs a letter or digit';
  if (text.split('.').some((part) => !label.test(part))) return "no part may start or end with '-'";
  return null;
}

function describeCharacter(character: string): string {
  if (/\s/u.test(character)) return 'white space';
  return /[\p{Cc}\p{Cf}\p{Cs}]/u.test(character) ? 'a control character' : `'${character}'`;
}

const spelledOut: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  Æ: 'Ae',
  ø: 'o',
  Ø: 'O',
  œ: 'oe',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
};

function suggest(text: string): string | null {
  const plain = text
    .slice(0, 4 * maxLength)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9.-]/gu, (character) => spelledOut[character] ?? '-');
  const joined = plain
    .split('.')
    .map((part) => part.replace(/^-+|-+$/gu, ''))
    .filter((part) => part !== '')
    .join('.');
  const cut = joined.slice(0, maxLength).replace(/[.-]+$/u, '');
  return cut === '' ? null : cut;
}
