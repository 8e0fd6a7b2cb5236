/** Texts with their signature around them (RFC 4880, 7), and armour for signatures without. */
import { packetTag } from './keyring-form.ts';

export interface ClearSigned {
  /** Exactly what was signed. */
  readonly text: string;
  readonly signature: string;
}

const form =
  /^-----BEGIN PGP SIGNED MESSAGE-----\r?\n(?:Hash: [^\n]*\n)*\r?\n([\s\S]*?)\r?\n(-----BEGIN PGP SIGNATURE-----\r?\n[\s\S]*?\n-----END PGP SIGNATURE-----)\s*$/u;

/** Null for what is not signed in itself. What stands outside of the signed part makes it null, too. */
export function splitClearSigned(text: string): ClearSigned | null {
  const [, body, signature] = form.exec(text) ?? [];
  if (body === undefined || signature === undefined) return null;
  const lines = body.split(/\r?\n/u).map((line) => line.replace(/^- /u, '').replace(/[ \t\r]+$/u, ''));
  return { text: lines.join('\r\n'), signature: `${signature}\n` };
}

const signatureTag = 2;
const armor = /^-----BEGIN PGP SIGNATURE-----/mu;

/** Has it the form of a signature? Servers answer with a text of their own for what is not there. */
export function isSignatureForm(body: Buffer): boolean {
  const tag = packetTag(body);
  return tag === null ? armor.test(body.toString('latin1')) : tag === signatureTag;
}

/** A signature as text, whatever it was. */
export function armored(signature: Buffer): string {
  const text = signature.toString('latin1');
  if (packetTag(signature) === null && armor.test(text)) return text;
  const base64 = signature.toString('base64').replaceAll(/.{64}/gu, '$&\n').trimEnd();
  const sum = Buffer.from([crc24(signature) >> 16, (crc24(signature) >> 8) & 0xff, crc24(signature) & 0xff]);
  return `-----BEGIN PGP SIGNATURE-----\n\n${base64}\n=${sum.toString('base64')}\n-----END PGP SIGNATURE-----\n`;
}

/** RFC 4880, 6.1. */
function crc24(bytes: Uint8Array): number {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit += 1) {
      crc <<= 1;
      if ((crc & 0x1000000) !== 0) crc ^= 0x1864cfb;
    }
  }
  return crc & 0xffffff;
}
