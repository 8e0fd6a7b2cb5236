import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { verifyImage } from '../../../src/steps/verify-image.ts';
import { fakeHost, testStep, type Program, type World } from '../../../src/testing.ts';
import { digestOf, plainUrl, pulled, putDownload, tarText, url, urlNote } from './pull-fixture.ts';

const sha256 = digestOf(tarText);
const beside = (name: string, of = url): string => of.replace('root.tar.xz', name);
const sums = `${sha256} *root.tar.xz\n`;
const fingerprint = 'A'.repeat(40);
const keyring = '/usr/lib/systemd/import-pubring.gpg';
const sig = '-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n';
/** A packet of a public key. */
const keys = Buffer.from([0x98, 3, 4, 1, 2]);
const armoredKeys = `a key\n-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: x\n\n${keys.toString('base64')}\n=AAAA\n-----END PGP PUBLIC KEY BLOCK-----\n`;
const clearSigned = `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${sums.trim()}\n-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n`;

/** gpgv that finds what it is told to. */
const gpgv = (...lines: readonly string[]): Program =>
  function* gpgv({ status }) {
    yield;
    for (const line of lines) status(`[GNUPG:] ${line}`);
    return lines.some((line) => line.startsWith('VALIDSIG')) ? 0 : 2;
  };
const valid = gpgv(
  'NEWSIG',
  `GOODSIG ${fingerprint} x`,
  `VALIDSIG ${fingerprint} 2026-01-01 0 0 4 0 1 10 00 ${fingerprint}`,
);
const expired = gpgv(
  'NEWSIG',
  'EXPKEYSIG 1122334455667788 x',
  `VALIDSIG ${fingerprint} x 0 0 4 0 1 10 00 ${fingerprint}`,
);
/** By the name of what they look at. */
const byFile = (image: Program, list: Program): Program =>
  function* gpgv(call) {
    return yield* (call.args.at(-1)?.endsWith('/signed') === true ? list : image)(call);
  };
const unknownKey = gpgv('NEWSIG', 'ERRSIG 1122334455667788 1 10 00 0 9', 'NO_PUBKEY 1122334455667788');
/** That key, if it gets packets. */
const validByPackets: Program = function* gpgv(call) {
  const path = call.args[call.args.indexOf('--keyring') + 1] ?? '';
  const isRead = readFileSync(call.world.real(path)).equals(keys);
  return yield* (isRead ? valid : unknownKey)(call);
};
const bad = gpgv('NEWSIG', 'BADSIG 1122334455667788 x');
const sqv = (code: number, out: string, err = ''): Program =>
  function* sqv({ print, complain }) {
    yield;
    if (out !== '') print(out);
    if (err !== '') complain(err);
    return code;
  };

const prepare = (world: World): void => {
  putDownload(world);
  putDownload(world, tarText, plainUrl);
  world.put({ [keyring]: keys, '/keys.gpg': keys, '/keys.asc': armoredKeys, '/keys.txt': 'keys' });
};
const net = (files: Readonly<Record<string, string>>, programs: Readonly<Record<string, Program>> = {}) =>
  fakeHost({ net: files, programs });
const none = { level: 'none', verification: 'https', sha256 } as const;
const checksum = { level: 'checksum', verification: 'checksum:SHA256SUMS', sha256 } as const;
const signature = { level: 'signature', verification: `signature:${fingerprint}`, sha256 } as const;
const signedOver = (of: string) => ({ [beside('SHA256SUMS', of)]: sums, [beside('SHA256SUMS.gpg', of)]: sig });
const signed = signedOver(url);
const isGone = (world: World): void => {
  expect(world.has(pulled().path)).toBe(false);
  expect(world.has(urlNote())).toBe(false);
};
const image = pulled();
const http = pulled(tarText, plainUrl);
const local = { ...image, kind: 'file', place: '/tmp/root.tar.xz', path: '/tmp/root.tar.xz', url: null } as const;

testStep(
  verifyImage,
  {
    accepts: [
      {
        name: 'nothing beside it, over https',
        input: { image },
        prepare,
        output: none,
        after: (world) => expect(world.logged.join()).toContain(`--sha256 ${sha256}`),
      },
      { name: 'as asked', input: { image, verify: 'no' }, prepare, output: { ...none, verification: 'none' } },
      {
        name: 'pinned',
        input: { image: http, sha256 },
        prepare,
        output: { ...checksum, verification: 'checksum:--sha256' },
      },
      {
        name: 'promised by an index',
        input: { image: { ...image, promised: sha256 } },
        prepare,
        output: { ...checksum, verification: 'checksum:index' },
      },
      {
        name: 'a list of checksums, over http',
        input: { image: http },
        prepare,
        host: net({ [beside('SHA256SUMS', plainUrl)]: sums }),
        output: checksum,
        after: (world) => {
          expect(world.logged.join()).toContain('plain http');
          expect(world.read(urlNote(plainUrl))).toContain('checksum:SHA256SUMS');
        },
      },
      {
        name: "a checksum of its own, BSD's way",
        input: { image, verify: 'checksum' },
        prepare,
        host: net({ [beside('root.tar.xz.sha256')]: `SHA256 (root.tar.xz) = ${sha256.toUpperCase()}\n` }),
        output: { ...checksum, verification: 'checksum:root.tar.xz.sha256' },
      },
      {
        name: 'a bare checksum',
        input: { image },
        prepare,
        host: net({ [beside('root.tar.xz.sha256')]: `${sha256}\n` }),
        output: { ...checksum, verification: 'checksum:root.tar.xz.sha256' },
      },
      { name: 'a signed list', input: { image }, prepare, host: net(signed, { gpgv: valid }), output: signature },
      {
        name: 'a signature of the file itself',
        input: { image, verify: 'signature' },
        prepare,
        host: net({ [beside('root.tar.xz.asc')]: sig }, { gpgv: valid }),
        output: signature,
      },
      ...['SHA256SUMS.gpg', 'SHA256SUMS.asc', 'SHA256SUMS.sig'].map((name) => ({
        name: `a list signed by ${name}`,
        input: { image, verify: 'signature' as const },
        prepare,
        host: net({ [beside('SHA256SUMS')]: sums, [beside(name)]: sig }, { gpgv: valid }),
        output: signature,
      })),
      ...['root.tar.xz.sha256.asc', 'root.tar.xz.sha256.gpg'].map((name) => ({
        name: `its own checksum signed by ${name}`,
        input: { image, verify: 'signature' as const },
        prepare,
        host: net({ [beside('root.tar.xz.sha256')]: sums, [beside(name)]: sig }, { gpgv: valid }),
        output: signature,
      })),
      ...['root.tar.xz.sig', 'root.tar.xz.gpg'].map((name) => ({
        name: `the file itself signed by ${name}`,
        input: { image, verify: 'signature' as const },
        prepare,
        host: net({ [beside(name)]: sig }, { gpgv: valid }),
        output: signature,
      })),
      {
        name: 'a checksum of its own, as sha256sum writes it',
        input: { image, verify: 'checksum' },
        prepare,
        host: net({ [beside('root.tar.xz.sha256')]: `${sha256}  root.tar.xz\n` }),
        output: { ...checksum, verification: 'checksum:root.tar.xz.sha256' },
      },
      {
        name: 'beside an address with a query, which they share',
        input: { image: pulled(tarText, `${url}?token=1`) },
        prepare: (world) => (prepare(world), putDownload(world, tarText, `${url}?token=1`)),
        host: net({ [`${beside('SHA256SUMS')}?token=1`]: sums }),
        output: checksum,
      },
      {
        name: 'a list that signs itself, by a key that is not known',
        input: { image },
        prepare,
        host: net({ [beside('SHA256SUMS')]: clearSigned }, { gpgv: unknownKey }),
        output: checksum,
      },
      {
        name: 'a keyring in its armour',
        input: { image, keyring: '/keys.asc' },
        prepare,
        host: net(signed, { gpgv: validByPackets }),
        output: signature,
      },
      {
        name: 'a signed list on a host without a keyring: the checksum counts',
        input: { image },
        prepare: (world) => putDownload(world),
        host: net(signed),
        output: checksum,
        after: (world) => {
          expect(world.logged.join()).toContain('SHA256SUMS.gpg cannot be checked without a keyring');
          expect(world.logged.join()).toContain(`--sha256 ${sha256}`);
        },
      },
      {
        name: 'a signature of the file by an unknown key alone, over https',
        input: { image },
        prepare,
        host: net({ [beside('root.tar.xz.asc')]: sig }, { gpgv: unknownKey }),
        output: none,
        after: (world) => {
          const told = world.logged.join();
          expect(told).toMatch(/no checksum or signature next to \S+ that could be verified \(root\.tar\.xz\.asc/u);
          expect(told).toContain(`--sha256 ${sha256}`);
        },
      },
      {
        name: 'such a signature beside a local file',
        input: { image: local },
        prepare: (world) => (prepare(world), world.put({ '/tmp/root.tar.xz': tarText, '/tmp/root.tar.xz.sig': sig })),
        host: net({}, { gpgv: unknownKey }),
        output: { ...none, verification: 'none' },
        after: (world) => expect(world.logged.join()).toContain('that could be verified'),
      },
      {
        name: 'a list by an unknown key over http, when a checksum is what is wanted',
        input: { image: http, verify: 'checksum' },
        prepare,
        host: net(signedOver(plainUrl), { gpgv: unknownKey }),
        output: checksum,
      },
      {
        name: 'a list by an unknown key over http, of an image that a trusted index promised',
        input: { image: { ...http, promised: sha256 } },
        prepare,
        host: net(signedOver(plainUrl), { gpgv: unknownKey }),
        output: { ...checksum, verification: 'checksum:index' },
      },
      {
        name: 'pages and texts in the place of what is not there',
        input: { image },
        prepare,
        host: net({
          ...Object.fromEntries(
            ['.sha256', '.sig', '.gpg'].map((end) => [beside(`root.tar.xz${end}`), '<!DOCTYPE html>404']),
          ),
          [beside('root.tar.xz.asc')]: 'Not found',
          [beside('SHA256SUMS')]: '<html>404',
        }),
        output: none,
        after: (world) => {
          expect(world.has(pulled().path)).toBe(true);
          expect(world.logged.join()).toContain('root.tar.xz.asc');
        },
      },
      {
        name: 'a text in the place of the signature of a list',
        input: { image },
        prepare,
        host: net({ ...signed, [beside('SHA256SUMS.gpg')]: 'Not found' }, { gpgv: bad }),
        output: checksum,
      },
      ...[400, 401, 403, 405, 410].map((status) => ({
        name: `a server that answers ${status} for what is not there`,
        input: { image },
        prepare,
        host: fakeHost({ net: { [beside('SHA256SUMS')]: status, [beside('root.tar.xz.asc')]: status } }),
        output: none,
      })),
      {
        name: 'a checksum that is signed in itself',
        input: { image, keyring: '/keys.gpg' },
        prepare,
        host: net({ [beside('root.tar.xz.sha256')]: clearSigned }, { gpgv: valid }),
        output: signature,
      },
      { name: 'by sqv', input: { image }, prepare, host: net(signed, { sqv: sqv(0, fingerprint) }), output: signature },
      {
        name: 'an unknown key is told of, and the checksum counts',
        input: { image },
        prepare,
        host: net(signed, { gpgv: unknownKey }),
        output: checksum,
        after: (world) => {
          expect(world.logged.join()).toContain('1122334455667788');
          expect(world.logged.join()).toContain(`--sha256 ${sha256}`);
        },
      },
      {
        name: 'beside a local file',
        input: { image: local },
        prepare: (world) => world.put({ '/tmp/root.tar.xz': tarText, '/tmp/SHA256SUMS': sums }),
        output: checksum,
      },
      {
        name: 'standard input',
        input: { image: { ...image, kind: 'stdin', place: '-', url: null } },
        prepare,
        output: { ...none, verification: 'none' },
      },
      {
        name: 'one key that is known beside one that is not',
        input: { image, keyring: '/keys.gpg' },
        prepare,
        host: net({ ...signed, [beside('root.tar.xz.sig')]: sig }, { gpgv: byFile(unknownKey, valid) }),
        output: signature,
      },
    ],
    fails: [
      {
        name: 'a bad signature beside a good one',
        input: { image },
        prepare,
        host: net({ ...signed, [beside('root.tar.xz.sig')]: sig }, { gpgv: byFile(valid, bad) }),
        code: 'MSP_VERIFY_SIGNATURE',
        after: isGone,
      },
      {
        name: 'another checksum beside a good signature',
        input: { image },
        prepare,
        host: net(
          { [beside('SHA256SUMS')]: `${'a'.repeat(64)}  root.tar.xz\n`, [beside('root.tar.xz.sig')]: sig },
          { gpgv: valid },
        ),
        code: 'MSP_VERIFY_CHECKSUM',
        after: isGone,
      },
      {
        name: 'two checksums that differ',
        input: { image },
        prepare,
        host: net({ [beside('root.tar.xz.sha256')]: sums, [beside('SHA256SUMS')]: `${'a'.repeat(64)}  root.tar.xz\n` }),
        code: 'MSP_VERIFY_CHECKSUM',
        after: isGone,
      },
      ...[`${'a'.repeat(64)}  -\n`, `${'a'.repeat(64)} build/root.tar.xz\n`, `SHA2-256(x)= ${'a'.repeat(64)}\n`].map(
        (text) => ({
          name: `another checksum of its own: ${text.replace(/a{64}/u, 'HEX').trim()}`,
          input: { image },
          prepare,
          host: net({ [beside('root.tar.xz.sha256')]: text }),
          code: 'MSP_VERIFY_CHECKSUM' as const,
          after: isGone,
        }),
      ),
      {
        name: 'a checksum of its own that cannot be understood',
        input: { image },
        prepare,
        host: net({ [beside('root.tar.xz.sha256')]: `${'a'.repeat(63)}  root.tar.xz\n` }),
        code: 'MSP_VERIFY_UNREADABLE',
        after: (world) => expect(world.has(pulled().path)).toBe(true),
      },
      {
        name: 'another checksum in the list',
        input: { image },
        prepare,
        host: net({ [beside('SHA256SUMS')]: sums.replace(/^./u, (digit) => (digit === '0' ? '1' : '0')) }),
        code: 'MSP_VERIFY_CHECKSUM',
        after: isGone,
      },
      {
        name: 'another digest than was given',
        input: { image, sha256: 'a'.repeat(64), verify: 'no' },
        prepare,
        code: 'MSP_VERIFY_CHECKSUM',
        after: isGone,
      },
      {
        name: 'a signed checksum of another file',
        input: { image: pulled('other') },
        prepare: (world) => (prepare(world), putDownload(world, 'other')),
        host: net(signed, { gpgv: valid }),
        code: 'MSP_VERIFY_CHECKSUM',
      },
      {
        name: 'a bad signature',
        input: { image },
        prepare,
        host: net(signed, { gpgv: bad }),
        code: 'MSP_VERIFY_SIGNATURE',
        after: isGone,
      },
      {
        name: 'a bad one by sqv',
        input: { image },
        prepare,
        host: net(signed, { sqv: sqv(1, '', 'Verifying signature:\n  Message has been manipulated') }),
        code: 'MSP_VERIFY_SIGNATURE',
        after: isGone,
      },
      ...[
        { what: 'that cannot be read', program: gpgv('NODATA 4') },
        { what: 'whose key has expired', program: expired },
      ].map(({ what, program }) => ({
        name: `a signature ${what}, which tells nothing against the file`,
        input: { image },
        prepare,
        host: net(signed, { gpgv: program }),
        code: 'MSP_VERIFY_SIGNATURE' as const,
        after: (world: World) => expect(world.has(pulled().path)).toBe(true),
      })),
      {
        name: 'a list by an unknown key, over http',
        input: { image: http },
        prepare,
        host: net(signedOver(plainUrl), { gpgv: unknownKey }),
        code: 'MSP_VERIFY_NONE',
        after: (world) => expect(world.has(http.path)).toBe(true),
      },
      {
        name: 'a signed list over http, on a host without a keyring',
        input: { image: http },
        prepare: (world) => putDownload(world, tarText, plainUrl),
        host: net(signedOver(plainUrl)),
        code: 'MSP_VERIFY_NONE',
      },
      {
        name: 'a signature by an unknown key where a checksum must be',
        input: { image, verify: 'checksum' },
        prepare,
        host: net({ [beside('root.tar.xz.asc')]: sig }, { gpgv: unknownKey }),
        code: 'MSP_VERIFY_MISSING',
      },
      {
        name: 'a text in the place of the signature that must be',
        input: { image, keyring: '/keys.gpg' },
        prepare,
        host: net({ [beside('root.tar.xz.asc')]: 'Not found' }, { gpgv: bad }),
        code: 'MSP_VERIFY_MISSING',
        after: (world) => expect(world.has(pulled().path)).toBe(true),
      },
      {
        name: 'a server that is broken for what stands beside the image',
        input: { image },
        prepare,
        host: fakeHost({ net: { [beside('SHA256SUMS')]: 503 } }),
        code: 'MSP_HTTP_STATUS',
        after: (world) => expect(world.has(pulled().path)).toBe(true),
      },
      {
        name: 'a keyring that is none',
        input: { image, keyring: '/keys.txt' },
        prepare,
        host: net(signed, { gpgv: valid }),
        code: 'MSP_KEYRING_UNUSABLE',
      },
      {
        name: 'no keyring at all where a signature must be',
        input: { image, verify: 'signature' },
        prepare: (world) => putDownload(world),
        host: net(signed, { gpgv: valid }),
        code: 'MSP_KEYRING_MISSING',
      },
      {
        name: 'text beside the signed part',
        input: { image },
        prepare,
        host: net({ [beside('SHA256SUMS')]: `${clearSigned}${sums}` }, { gpgv: valid }),
        code: 'MSP_VERIFY_SIGNATURE',
        after: (world) => expect(world.has(pulled().path)).toBe(true),
      },
      {
        name: 'an unknown key where a signature must be',
        input: { image, verify: 'signature' },
        prepare,
        host: net(signed, { gpgv: unknownKey }),
        code: 'MSP_VERIFY_KEY',
      },
      {
        name: 'an unknown key for a keyring that was named, by sqv',
        input: { image, keyring: '/keys.gpg' },
        prepare,
        host: net(signed, { sqv: sqv(1, '', `Missing key ${fingerprint}, which is needed to verify signature.`) }),
        code: 'MSP_VERIFY_KEY',
      },
      {
        name: 'no signature where one must be',
        input: { image, verify: 'signature' },
        prepare,
        host: net({ [beside('SHA256SUMS')]: sums }),
        code: 'MSP_VERIFY_MISSING',
      },
      {
        name: 'no checksum where one must be',
        input: { image, verify: 'checksum' },
        prepare,
        code: 'MSP_VERIFY_MISSING',
      },
      {
        name: 'nothing beside it, over http',
        input: { image: http },
        prepare,
        code: 'MSP_VERIFY_NONE',
        after: (world) => expect(world.has(http.path)).toBe(true),
      },
      {
        name: 'no such keyring',
        input: { image, keyring: '/none' },
        prepare,
        host: net(signed, { gpgv: valid }),
        code: 'MSP_KEYRING_MISSING',
      },
      { name: 'neither gpgv nor sqv', input: { image }, prepare, host: net(signed), code: 'MSP_TOOL_MISSING' },
    ],
    writes: ['/var/cache/machinespawn/downloads'],
  },
  test,
);
