/** Which keys a keyring file holds, without gpg, which a host need not have. */
import { createHash } from 'node:crypto';
import { dearmor } from '../../model/keyring-form.ts';

const publicKeyTag = 6;

/** Fingerprints of the primary keys (upper-case hex); null for a form that we do not read. */
export function keyringFingerprints(file: Uint8Array): readonly string[] | null {
  const data = file[0] === 0x2d ? dearmor(Buffer.from(file)) : Buffer.from(file);
  const found: string[] = [];
  for (let at = 0; at < data.length;) {
    const packet = readPacket(data, at);
    if (packet === null) return null;
    if (packet.tag === publicKeyTag && packet.body[0] === 4) found.push(fingerprintOf(packet.body));
    at = packet.end;
  }
  return found;
}

/** RFC 4880, 12.2. */
function fingerprintOf(body: Buffer): string {
  const head = Buffer.from([0x99, body.length >> 8, body.length & 0xff]);
  return createHash('sha1').update(head).update(body).digest('hex').toUpperCase();
}

function readPacket(data: Buffer, at: number): { tag: number; body: Buffer; end: number } | null {
  const first = data[at] ?? 0;
  if ((first & 0x80) === 0) return null;
  const isNew = (first & 0x40) !== 0;
  const tag = isNew ? first & 0x3f : (first >> 2) & 0x0f;
  const length = isNew ? newLength(data, at + 1) : oldLength(data, at + 1, first & 3);
  if (length === null || length.start + length.bytes > data.length) return null;
  const end = length.start + length.bytes;
  return { tag, body: data.subarray(length.start, end), end };
}

function newLength(data: Buffer, at: number): { start: number; bytes: number } | null {
  const first = data[at];
  if (first === undefined) return null;
  if (first < 192) return { start: at + 1, bytes: first };
  if (first < 224 && at + 1 < data.length)
    return { start: at + 2, bytes: ((first - 192) << 8) + (data[at + 1] ?? 0) + 192 };
  return first === 255 && at + 5 <= data.length ? { start: at + 5, bytes: data.readUInt32BE(at + 1) } : null;
}

function oldLength(data: Buffer, at: number, type: number): { start: number; bytes: number } | null {
  const width = [1, 2, 4][type];
  if (width === undefined || at + width > data.length) return null;
  return { start: at + width, bytes: data.readUIntBE(at, width) };
}
