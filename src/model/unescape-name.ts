/** A name out of an address. An escape that is none stays as it is: servers have files such as 100%.tar.gz. */
export function unescapeName(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/giu, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      // Bytes of another encoding than UTF-8.
      return escapes;
    }
  });
}
