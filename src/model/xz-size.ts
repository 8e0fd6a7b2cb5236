/** How large an .xz stream gets, from its index (tukaani.org/xz/xz-file-format.txt, chapters 2.1.2 and 4). Pure. */

const headBytes = 12;
const footerBytes = 12;
const crcBytes = 4;

/**
 * Bytes that come out of a member, or null where this cannot be told: it is no xz, or more than one stream. Only a hint:
 * nothing of it is verified.
 *
 * @param tail the last bytes of the member, with the whole index
 * @param memberBytes size of the whole member
 */
export function xzUnpackedBytes(tail: Buffer, memberBytes: number): number | null {
  if (tail.length < headBytes + footerBytes || tail.toString('latin1', tail.length - 2) !== 'YZ') return null;
  const indexBytes = (tail.readUInt32LE(tail.length - 8) + 1) * 4;
  const start = tail.length - footerBytes - indexBytes;
  if (start < 0 || tail[start] !== 0) return null;
  const numbers = readNumbers(tail.subarray(start + 1, tail.length - footerBytes - crcBytes));
  const [count = -1, ...records] = numbers;
  if (count < 0 || records.length < count * 2) return null;
  let [packed, unpacked] = [0, 0];
  for (let at = 0; at < count * 2; at += 2) {
    packed += Math.ceil((records[at] ?? 0) / 4) * 4;
    unpacked += records[at + 1] ?? 0;
  }
  const streamBytes = headBytes + packed + indexBytes + footerBytes;
  return streamBytes === memberBytes && Number.isSafeInteger(unpacked) ? unpacked : null;
}

/** Seven bits in each byte, the lowest first; the padding at the end reads as zeros. */
function readNumbers(bytes: Buffer): readonly number[] {
  const numbers: number[] = [];
  let [value, factor] = [0, 1];
  for (const byte of bytes) {
    value += (byte & 0x7f) * factor;
    factor *= 128;
    if ((byte & 0x80) !== 0) continue;
    numbers.push(value);
    [value, factor] = [0, 1];
  }
  return numbers;
}
