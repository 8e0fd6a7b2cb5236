/** Names of files are bytes: those that are no UTF-8 become text and come back from it unharmed. */

const decoder = new TextDecoder('utf8', { fatal: true, ignoreBOM: true });
const firstStray = 0xdc00;

/** Each byte that is no part of UTF-8 becomes a lone surrogate, U+DC80 to U+DCFF, as Python has it (PEP 383). */
export function decodeName(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  return text.includes('\uFFFD') ? decodeStrays(bytes) : text;
}

/** The bytes of a text, a decoded name in it or not. */
export function encodeName(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  const pieces = text.split(/([\uDC80-\uDCFF])/u);
  return Buffer.concat(
    pieces.map((piece, index) => (index % 2 === 0 ? Buffer.from(piece) : Buffer.from([piece.charCodeAt(0) & 0xff]))),
  );
}

function decodeStrays(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] ?? 0;
    const length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    const character = strictly(bytes.subarray(at, at + length));
    text += character ?? String.fromCharCode(firstStray + byte);
    at += character === null ? 1 : length;
  }
  return text;
}

function strictly(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
