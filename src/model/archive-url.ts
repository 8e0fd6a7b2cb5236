/** Addresses of archives, as --mirror takes them. */
import { fail } from '../errors/machinespawn-error.ts';

/**
 * Without the slashes at its end. White space, quotes and brackets would break a line of sources.list,
 * so they are refused, as are passwords: what is built in would hold them. Throws MSP_USAGE.
 */
export function parseArchiveUrl(text: string): string {
  const refuse = (why: string) =>
    fail('MSP_USAGE', {
      problem: `'${text}' is not the address of an archive: ${why}`,
      hint: 'as in http://HOST/debian',
    });
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^(?:https?:\/\/[^/]|file:\/\/\/[^/])/u.test(text))
    throw refuse('it must begin with http://, https:// or file:///');
  if (/[\s'"<>[\]\\\p{Cc}]/u.test(text)) throw refuse('it holds white space, quotes or brackets');
  if (url.username !== '' || url.password !== '') throw refuse('a user name in it would stay in the machine');
  if (url.search !== '' || url.hash !== '') throw refuse("it holds '?' or '#'");
  return text.replace(/\/+$/u, '');
}
