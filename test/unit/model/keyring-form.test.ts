import { expect, test } from 'vitest';
import { isSignatureForm } from '../../../src/model/clear-signed.ts';
import { dearmor, keyringForm } from '../../../src/model/keyring-form.ts';

const [old, current, secret] = [Buffer.from([0x99, 0, 1, 4]), Buffer.from([0xc6, 1, 4]), Buffer.from([0x95, 0, 1, 4])];
const armored = (packets: Buffer, crc = '=AAAA\n', newline = '\n'): string =>
  `-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: x\n\n${packets.toString('base64')}\n${crc}-----END PGP PUBLIC KEY BLOCK-----\n`.replaceAll(
    '\n',
    newline,
  );

test('forms of keyrings', () => {
  expect([old, current, secret].map(keyringForm)).toEqual(['packets', 'packets', null]);
  expect(keyringForm(Buffer.from('\0\0\0\u0020\u0001\u0001\0\0KBXf\0'))).toBe('keybox');
  const texts = [armored(old), armored(old, ''), armored(old, '=AAAA\n', '\r\n'), `remark\n\n${armored(old)}`];
  for (const text of texts) {
    expect(keyringForm(Buffer.from(text))).toBe('armored');
    expect(dearmor(Buffer.from(text))).toEqual(old);
  }
  expect(dearmor(Buffer.from(armored(old) + armored(current)))).toEqual(Buffer.concat([old, current]));
  for (const text of ['', 'keys', '<html>', armored(secret), armored(Buffer.alloc(0))])
    expect(keyringForm(Buffer.from(text)), text).toBe(null);
});

test('forms of signatures', () => {
  const text = '-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----';
  for (const signature of [text, `of x:\n${text}`, Buffer.from([0x88, 1, 4]), Buffer.from([0xc2, 1, 4])])
    expect(isSignatureForm(Buffer.from(signature))).toBe(true);
  for (const other of ['', 'Not found', armored(old), old, Buffer.from([0xa3, 1]), Buffer.from([0x1f, 0x8b])])
    expect(isSignatureForm(Buffer.from(other))).toBe(false);
});
