import { expect, test } from 'vitest';
import { checksumOf } from '../../../src/model/checksum-file.ts';
import { armored, splitClearSigned } from '../../../src/model/clear-signed.ts';
import { errorOf } from './error-of.ts';

const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];

test.each([
  [`${a}  x\n${b} *y\n`, 'y', false, b],
  [`${a.toUpperCase()}  ./dir/x\r\n`, 'x', false, a],
  [`SHA256 (x) = ${a}\n`, 'x', false, a],
  // The one beside the list is meant, not one of the same name elsewhere.
  [`${a}  arm64/x\n${b}  ./x\n`, 'x', false, b],
  [`${a}  arm64/x\n${b}  amd64/x\n`, 'x', false, null],
  [`${a}  arm64/x\nSHA256 (x) = ${b}\n`, 'x', false, b],
  [`${a}\n`, 'x', true, a],
  [`${a}\n`, 'x', false, null],
  // Whatever the image was called where its own checksum was made.
  [`${a}  other\n`, 'x', true, a],
  [`${a}  -\n`, 'x', true, a],
  [`${a}  build/x\n`, 'x', true, a],
  [`# made by hand\n${a}  other\n`, 'x', true, a],
  [`${a}  other\n${b}  x\n`, 'x', true, b],
  [`${a} x\nnonsense`, 'x', false, a],
  [`SHA2-256(x)= ${a}\n`, 'x', false, a],
  [`SHA2-256(stdin)= ${a}\n`, 'x', true, a],
  [`${a}  -\n`, 'x', false, null],
  [`${a}  x.asc\nnonsense\n`, 'x', false, null],
  [`# x: 300 bytes\n${a}  y\n`, 'x', false, null],
])('%#', (text, name, alone, digest) => expect(checksumOf({ place: 'list', text, alone }, name)).toBe(digest));

test.each([
  [`${a.slice(1)}  x\n`, true],
  [`${a.slice(1)}  x\n`, false],
  [`${a}  one\n${b}  other\n`, true],
  [`${a}  arm64/x\n${b}  amd64/x\n`, true],
  [`SHA512 (x) = ${a}${b}\n`, true],
  [`SHA512 (x) = ${a}${b}\n`, false],
  [`${a}${b}\n`, true],
  ['Not found\n', true],
  ['', true],
])('what is there and cannot be understood is not nothing: %#', (text, alone) => {
  const error = errorOf(() => checksumOf({ place: 'https://host/list', text, alone }, 'x'));
  expect(error).toMatchObject({ code: 'MSP_VERIFY_UNREADABLE', exitCode: 8 });
  expect(error.message).toContain('https://host/list');
});

const signature = '-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----';
const signed = (text: string): string => `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${text}\n${signature}\n`;

test('a text with its signature around it', () => {
  expect(splitClearSigned(signed('one  \n- -two\n'))).toEqual({ text: 'one\r\n-two\r\n', signature: `${signature}\n` });
  expect(splitClearSigned('plain')).toBe(null);
  expect(splitClearSigned(`before\n${signed('x')}`)).toBe(null);
  expect(splitClearSigned(`${signed('x')}after`)).toBe(null);
});

test('armour, with the checksum of RFC 4880', () => {
  expect(armored(Buffer.from(signature))).toBe(signature);
  // As gpg --enarmor writes it.
  expect(armored(Buffer.from('hello'))).toBe(
    '-----BEGIN PGP SIGNATURE-----\n\naGVsbG8=\n=R/WK\n-----END PGP SIGNATURE-----\n',
  );
});
