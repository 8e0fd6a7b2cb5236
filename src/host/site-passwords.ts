/** Users and passwords of addresses, as `https://user:password@host/`, in the memory of this process only. */
import { redact } from '../errors/redact.ts';

export class SitePasswords {
  /** Origin -> value of the header `authorization`. */
  readonly #headers = new Map<string, string>();

  /** The address with `***` in their place. What is no http address is given back as it is. */
  hide(text: string): string {
    if (!/^https?:\/\//iu.test(text) || !URL.canParse(text)) return text;
    const { origin, username, password } = new URL(text);
    if (username === '' && password === '') return text;
    if (username !== '***') {
      const pair = `${decoded(username)}:${decoded(password)}`;
      this.#headers.set(origin, `Basic ${Buffer.from(pair).toString('base64')}`);
    }
    return redact(text);
  }

  /** For a request to that address: another host, port or scheme gets nothing. */
  headersFor(url: string): Readonly<Record<string, string>> {
    const header = this.#headers.get(new URL(url).origin);
    return header === undefined ? {} : { authorization: header };
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
