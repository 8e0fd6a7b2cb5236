/** Members of an `ar` archive, the outer form of a .deb (ar(5), deb(5)). */

export const arMagic = '!<arch>\n';
/** Length of the head before each member. */
export const arHeadBytes = 60;

export interface ArMember {
  readonly name: string;
  /** Without the padding to an even offset that follows it. */
  readonly sizeBytes: number;
}

/** Null for what is no head of a member. The fields have fixed places: name 16, times and owners 32, size 10. */
export function parseArHead(head: Uint8Array): ArMember | null {
  const text = Buffer.from(head).toString('latin1');
  if (text.length !== arHeadBytes || text.slice(58) !== '`\n') return null;
  const size = text.slice(48, 58).trimEnd();
  // GNU ar ends names with a slash, dpkg does not.
  const name = text.slice(0, 16).trimEnd().replace(/\/$/u, '');
  if (name === '' || !/^\d{1,10}$/u.test(size)) return null;
  return { name, sizeBytes: Number(size) };
}
