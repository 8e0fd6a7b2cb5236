const credentials = /([a-z][a-z0-9+.-]*:\/\/)[^\s/'"]+@/giu;

/** Takes user names and passwords out of the URLs in a text. */
export function redact(text: string): string {
  return text.replace(credentials, '$1***@');
}

/** The same for every string inside a JSON value. */
export function redactValue(value: unknown): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map(redactValue);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactValue(inner)]));
  }
  return value;
}
