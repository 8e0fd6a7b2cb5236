import { expect, test } from 'vitest';
import { judgeSignatures, parseGpgvStatus } from '../../../src/model/gpgv-status.ts';
import { fixture } from './fixture.ts';

const read = (name: string) => parseGpgvStatus(fixture(`archives/gpgv-${name}.status`));

test('three good signatures, by subkeys', () => {
  const status = read('good');
  expect(status.validSignatures).toHaveLength(3);
  expect(status.validSignatures[0]).toEqual({
    fingerprint: '4CB50190207B4758A3F73A796ED0E7B82643E131',
    primary: 'B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8',
    expired: false,
  });
  expect(status).toMatchObject({ missingKeys: [], expiredKeys: [], revokedKeys: [], bad: [], signed: true });
  expect(judgeSignatures(status).state).toBe('good');
});

test('one of three keys is enough', () => {
  const status = read('some-unknown');
  expect(status.missingKeys).toEqual(['6ED0E7B82643E131', 'F8D2585B8783D481']);
  expect(judgeSignatures(status)).toMatchObject({
    state: 'good',
    signers: [{ primary: '04B54C3CDCA79751B16BC6B5225629DF75B188BD' }],
  });
});

test('no key is known', () => {
  expect(judgeSignatures(read('unknown'))).toEqual({
    state: 'unknown-keys',
    keys: ['6ED0E7B82643E131', '78DBA3BC47EF2265', 'F8D2585B8783D481'],
  });
});

test('an altered text', () => {
  expect(judgeSignatures(read('altered'))).toMatchObject({ state: 'bad', problem: expect.stringContaining('altered') });
});

test('an altered text is bad even beside a good signature', () => {
  const both = parseGpgvStatus(fixture('archives/gpgv-good.status') + fixture('archives/gpgv-altered.status'));
  expect(judgeSignatures(both).state).toBe('bad');
});

test('no signature', () => {
  const status = read('unsigned');
  expect(status.signed).toBe(false);
  expect(judgeSignatures(status)).toEqual({ state: 'bad', problem: 'there is no signature' });
  expect(judgeSignatures(parseGpgvStatus('')).state).toBe('bad');
});

test('an expired key has VALIDSIG beside it (trap B5) and is told apart', () => {
  const status = read('expired-key');
  expect(status.validSignatures).toMatchObject([{ expired: true }]);
  expect(status.expiredKeys).toEqual(['34D3776FE6D0BEFC']);
  expect(judgeSignatures(status).state).toBe('expired');
});

test('a revoked key has VALIDSIG beside it, too, and counts for nothing', () => {
  const status = read('revoked-key');
  expect(status.validSignatures).toEqual([]);
  expect(judgeSignatures(status)).toMatchObject({ state: 'bad', problem: expect.stringContaining('revoked') });
});
