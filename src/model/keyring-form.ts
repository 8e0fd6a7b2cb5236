/** Forms of a file of public keys: gpgv takes packets or a keybox, and publishers hand out text. */

const publicKeyTag = 6;

/** What the first packet of OpenPGP data is (RFC 4880, 4.2); null for what is no packet. */
export function packetTag(data: Buffer): number | null {
  const [first = 0] = data;
  if ((first & 0x80) === 0) return null;
  return (first & 0x40) === 0 ? (first >> 2) & 0x0f : first & 0x3f;
}

/** Null for what is no keyring. The first bytes are enough but for an armoured one, which may begin with a remark. */
export function keyringForm(file: Buffer): 'packets' | 'keybox' | 'armored' | null {
  if (file.subarray(8, 12).toString('latin1') === 'KBXf') return 'keybox';
  const tag = packetTag(file);
  if (tag !== null) return tag === publicKeyTag ? 'packets' : null;
  return packetTag(dearmor(file)) === publicKeyTag ? 'armored' : null;
}

/** The packets in its armour (RFC 4880, 6.2); nothing where there is none. What is not text is given back as it is. */
export function dearmor(data: Buffer): Buffer {
  if (packetTag(data) !== null) return data;
  const blocks = data
    .toString('latin1')
    .matchAll(/^-----BEGIN PGP [^\n]*\n(?:[^\n]+\n)*?\s*\n([\s\S]*?)\n(?:=[^\n]*\n)?-----END /gmu);
  return Buffer.concat([...blocks].map((block) => Buffer.from(block[1] ?? '', 'base64')));
}
