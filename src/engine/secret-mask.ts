/** Keeps the values of secret inputs out of everything that is written: journal, logs, events, errors, results. */
import type { Json } from './step.ts';

export interface OpenSecret {
  readonly value: string;
  /** Depends on the value and on a key that only this host has: it tells whether two values are the same, and nothing else. */
  readonly digest: string;
}

/** Shorter ones would be found in any text. */
export const minSecretLength = 4;
const stars = '***';
/** Fields of events and journal entries that others fill. */
const worded: ReadonlySet<string> = new Set(['error', 'outputs', 'text', 'why', 'phase']);

export class SecretMask {
  readonly #forms: readonly { readonly form: string; readonly name: string; readonly mark: string }[];

  constructor(secrets: ReadonlyMap<string, OpenSecret>) {
    const forms = [...secrets].flatMap(([name, { value, digest }]) =>
      formsOf(value).map((form) => ({ form, name, mark: `secret:${digest}` })),
    );
    // The longest first: a line of a secret is in the secret.
    this.#forms = forms.toSorted((a, b) => b.form.length - a.form.length);
  }

  get isEmpty(): boolean {
    return this.#forms.length === 0;
  }

  text(text: string): string {
    return this.#forms.reduce((masked, { form }) => masked.replaceAll(form, stars), text);
  }

  /** The same value, with stars for the secrets in its texts. */
  value<T>(value: T): T {
    return this.isEmpty ? value : (replaced(value, (text) => this.text(text)) as T);
  }

  /** An event or a journal entry: what has its form from us stays as it is, whatever a secret looks like. */
  record<T extends object>(record: T): T {
    if (this.isEmpty) return record;
    const fields = Object.entries(record).map(([name, field]: [string, unknown]) => {
      if (!worded.has(name)) return [name, field];
      const masked = this.value(field);
      const isError = name === 'error' && typeof field === 'object' && field !== null && 'code' in field;
      return [name, isError ? { ...(masked as object), code: field.code } : masked];
    });
    return Object.fromEntries(fields) as T;
  }

  /** For keys: each secret is its digest, so that another value is another key. */
  identity(value: Json): Json {
    if (this.isEmpty) return value;
    const mark = (text: string): string =>
      this.#forms.reduce((marked, one) => marked.replaceAll(one.form, one.mark), text);
    return replaced(value, mark) as Json;
  }

  /** The name of a secret that the value holds; null when there is none. */
  find(value: Json): string | null {
    if (this.isEmpty) return null;
    let found: string | null = null;
    replaced(value, (text) => {
      found ??= this.#forms.find(({ form }) => text.includes(form))?.name ?? null;
      return text;
    });
    return found;
  }
}

/** As it is, line by line, and as it looks inside JSON, a URL and base64. */
function formsOf(value: string): readonly string[] {
  const lines = value.split(/\r?\n/u).map((line) => line.trim());
  const plain = [value, ...lines].filter((form) => form.length >= minSecretLength);
  const coded = plain.flatMap((form) => [
    JSON.stringify(form).slice(1, -1),
    encodeURIComponent(form),
    Buffer.from(form).toString('base64'),
  ]);
  return [...new Set([...plain, ...coded])];
}

function replaced(value: unknown, by: (text: string) => string): unknown {
  if (typeof value === 'string') return by(value);
  if (Array.isArray(value)) return value.map((item) => replaced(item, by));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [by(name), replaced(field, by)]));
}
