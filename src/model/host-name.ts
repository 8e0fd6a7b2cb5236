/** Host names inside machines. */
import { fail } from '../errors/machinespawn-error.ts';

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/iu;

/** RFC 1123, at most 64 characters as in Linux. Throws MSP_USAGE. */
export function parseHostName(text: string): string {
  if (text.length <= 64 && text.split('.').every((part) => label.test(part))) return text;
  throw fail('MSP_USAGE', {
    problem: `'${text}' is not a host name`,
    hint: "labels of letters, digits and '-', joined by dots, at most 64 characters",
  });
}
