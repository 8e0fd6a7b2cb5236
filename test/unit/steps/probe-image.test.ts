import { expect, test } from 'vitest';
import { probeImage } from '../../../src/steps/probe-image.ts';
import { fakeHost, testStep, unreachable, type World } from '../../../src/testing.ts';
import { digestOf, etagOf, found, plainUrl, putDownload, rawText, tarText, url } from './pull-fixture.ts';

const sums = `${digestOf(tarText)}  root.tar.xz\n`;
const sig = '-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n';
/** A packet of a public key. */
const keys = Buffer.from([0x98, 3, 4, 1, 2]);
const withBeside = (files: Readonly<Record<string, string | number>>) =>
  fakeHost({
    net: {
      [url]: tarText,
      ...Object.fromEntries(Object.entries(files).map(([name, body]) => [url.replace('root.tar.xz', name), body])),
    },
  });
const host = fakeHost({ net: { [url]: tarText, [plainUrl]: tarText } });
const server = 'https://images.example';
const products = {
  products: {
    'alpine:3.20:amd64:default': {
      ...{ os: 'Alpine', release: '3.20', arch: 'amd64', aliases: 'alpine/3.20/default,alpine/3.20' },
      versions: {
        '20260101_00:00': { items: { 'root.tar.xz': { ftype: 'root.tar.xz', path: 'old', sha256: 'a'.repeat(64) } } },
        '20260201_00:00': {
          items: {
            'root.tar.xz': { ftype: 'root.tar.xz', path: 'new/root.tar.xz', sha256: digestOf(tarText), size: 9 },
          },
        },
      },
    },
  },
};
const serverHost = (extra: Readonly<Record<string, string>> = {}) =>
  fakeHost({
    net: {
      [`${server}/streams/v1/index.json`]: JSON.stringify({ index: { images: { path: 'streams/v1/images.json' } } }),
      [`${server}/streams/v1/images.json`]: JSON.stringify(products),
      [`${server}/new/root.tar.xz`]: tarText,
      ...extra,
    },
  });

testStep(
  probeImage,
  {
    accepts: [
      { name: 'a file over https', input: { source: url, wanted: 'tar', name: 'box' }, host, output: found() },
      {
        name: 'what was fetched before',
        input: { source: url, wanted: 'tar' },
        prepare: (world) => putDownload(world),
        host,
        output: found(),
      },
      {
        name: 'over http where a checksum is beside it',
        input: { source: plainUrl },
        host: fakeHost({ net: { [plainUrl]: tarText, [plainUrl.replace('root.tar.xz', 'SHA256SUMS')]: sums } }),
        output: found(tarText, plainUrl),
      },
      {
        name: 'a signature where one must be',
        input: { source: url, verify: 'signature', keyring: '/keys.gpg' },
        prepare: (world) => world.put({ '/keys.gpg': keys }),
        host: withBeside({ 'root.tar.xz.sig': sig }),
        output: found(),
      },
      {
        name: 'a digest of the user, whatever stands beside the image',
        input: { source: url, sha256: 'a'.repeat(64), verify: 'checksum' },
        host: withBeside({ 'root.tar.xz.sha256': 'x', SHA256SUMS: 500 }),
        output: found(),
      },
      {
        name: 'over http, with a percent sign in its name',
        input: { source: 'http://host.example/100%.tar.gz' },
        host: fakeHost({
          net: {
            'http://host.example/100%.tar.gz': tarText,
            'http://host.example/100%25.tar.gz.sha256': `${'a'.repeat(64)}\n`,
          },
        }),
        output: { ...found(tarText, 'http://host.example/100%.tar.gz'), name: '100%.tar.gz' },
      },
      {
        name: 'over http with a digest',
        input: { source: plainUrl, sha256: 'a'.repeat(64) },
        host,
        output: found(tarText, plainUrl),
      },
      {
        name: 'over http as asked',
        input: { source: plainUrl, verify: 'no', noCache: true },
        host,
        output: found(tarText, plainUrl),
      },
      {
        name: 'a file of this host',
        input: { source: '/tmp/disk', wanted: 'raw', verify: 'checksum' },
        prepare: (world) => world.put({ '/tmp/disk': rawText, '/tmp/disk.sha256': `${digestOf(rawText)}  -\n` }),
        output: {
          ...{ kind: 'file', place: '/tmp/disk', name: 'disk', sizeBytes: rawText.length },
          ...{ etag: null, lastModified: null, promised: null, arch: null, compression: null },
        },
      },
      {
        name: 'standard input',
        input: { source: '-' },
        output: {
          ...{ kind: 'stdin', place: '-', name: 'standard input', sizeBytes: null },
          ...{ etag: null, lastModified: null, promised: null, arch: null, compression: null },
        },
      },
      {
        name: 'an image of a server',
        input: { source: 'lxc:alpine/3.20', imageServer: `${server}/`, proxy: 'none' },
        host: serverHost(),
        output: {
          ...{ kind: 'http', place: `${server}/new/root.tar.xz`, name: 'lxc:alpine/3.20', sizeBytes: tarText.length },
          ...{
            etag: etagOf(tarText),
            lastModified: null,
            promised: digestOf(tarText),
            arch: 'amd64',
            compression: 'xz',
          },
        },
      },
    ],
    refuses: [{ name: 'a bad name', input: { source: url, name: 'my_box' }, at: 'name' }],
    fails: [
      {
        name: 'the name is taken',
        input: { source: url, name: 'box' },
        prepare: (world) => world.put({ '/var/lib/machines/box/etc/x': '' }),
        code: 'MSP_MACHINE_EXISTS',
      },
      {
        name: 'another run prepares a machine of this name',
        input: { source: url, name: 'box' },
        host: fakeHost({ busyLocks: ['making-box'] }),
        code: 'MSP_LOCK_BUSY',
      },
      {
        name: 'the machine to replace runs',
        input: { source: url, name: 'box', replace: true },
        prepare: (world) => world.put({ '/var/lib/machines/box/etc/x': '' }),
        host: fakeHost({ holders: { box: 'a test' } }),
        code: 'MSP_MACHINE_RUNNING',
      },
      {
        name: 'a text in the place of the list over http',
        input: { source: plainUrl },
        host: fakeHost({ net: { [plainUrl]: tarText, [plainUrl.replace('root.tar.xz', 'SHA256SUMS')]: 'Not found' } }),
        code: 'MSP_VERIFY_NONE',
      },
      ...(['signature', 'checksum'] as const).flatMap((verify) => [
        {
          name: `no ${verify} where one must be`,
          input: { source: url, verify },
          prepare: (world: World) => world.put({ '/etc/systemd/import-pubring.gpg': keys }),
          host,
          code: 'MSP_VERIFY_MISSING' as const,
        },
        {
          name: `no ${verify} beside a local file where one must be`,
          input: { source: '/tmp/root.tar.xz', verify },
          prepare: (world: World) =>
            world.put({ '/etc/systemd/import-pubring.gpg': keys, '/tmp/root.tar.xz': tarText }),
          code: 'MSP_VERIFY_MISSING' as const,
        },
      ]),
      {
        name: 'standard input where a checksum must be',
        input: { source: '-', verify: 'checksum' },
        code: 'MSP_VERIFY_MISSING',
      },
      {
        name: 'a keyring, and a list without a signature',
        input: { source: url, keyring: '/keys.gpg', sha256: 'a'.repeat(64) },
        prepare: (world) => world.put({ '/keys.gpg': keys }),
        host: withBeside({ SHA256SUMS: sums }),
        code: 'MSP_VERIFY_MISSING',
      },
      {
        name: 'a checksum that cannot be understood',
        input: { source: url },
        host: withBeside({ 'root.tar.xz.sha256': `${'a'.repeat(63)}  root.tar.xz\n` }),
        code: 'MSP_VERIFY_UNREADABLE',
      },
      {
        name: 'a server that is broken for what stands beside the image',
        input: { source: url },
        host: withBeside({ SHA256SUMS: 500 }),
        code: 'MSP_HTTP_STATUS',
      },
      {
        name: 'an image that is not there, on a server that is broken for the rest',
        input: { source: url },
        host: fakeHost({ net: { [url.replace('root.tar.xz', 'SHA256SUMS')]: 500 } }),
        code: 'MSP_DOWNLOAD_NOT_FOUND',
      },
      { name: 'no such keyring', input: { source: url, keyring: '/none' }, host, code: 'MSP_KEYRING_MISSING' },
      {
        name: 'no keyring on the host',
        input: { source: url, verify: 'signature' },
        host,
        code: 'MSP_KEYRING_MISSING',
      },
      {
        name: 'a keyring that is none',
        input: { source: url, keyring: '/keys.txt' },
        prepare: (world) => world.put({ '/keys.txt': 'keys' }),
        host,
        code: 'MSP_KEYRING_UNUSABLE',
      },
      { name: 'nothing verifies it over http', input: { source: plainUrl }, host, code: 'MSP_VERIFY_NONE' },
      {
        name: 'a disk image where a tar is wanted',
        input: { source: url, wanted: 'tar' },
        host: fakeHost({ net: { [url]: rawText } }),
        code: 'MSP_PULL_KIND',
      },
      {
        name: 'a tar where a disk image is wanted',
        input: { source: url, wanted: 'raw' },
        host,
        code: 'MSP_PULL_KIND',
      },
      {
        name: 'a qcow2 image where nothing can convert it',
        input: { source: url, wanted: 'raw' },
        host: fakeHost({ net: { [url]: 'zstd qcow2 disk' } }),
        code: 'MSP_TOOL_MISSING',
      },
      {
        name: 'a web page',
        input: { source: url },
        host: fakeHost({ net: { [url]: '<html>' } }),
        code: 'MSP_PULL_KIND',
      },
      { name: 'it is not there', input: { source: url }, code: 'MSP_DOWNLOAD_NOT_FOUND' },
      {
        name: 'the server is not there',
        input: { source: url },
        host: fakeHost({ net: { [url]: unreachable } }),
        code: 'MSP_NETWORK',
      },
      { name: 'there is no such file', input: { source: '/tmp/none' }, code: 'MSP_FILE_UNREADABLE' },
      {
        name: 'a directory',
        input: { source: '/tmp/tree', wanted: 'tar' },
        prepare: (world) => world.put({ '/tmp/tree': null }),
        code: 'MSP_FILE_UNREADABLE',
      },
      { name: 'a pipe of the shell', input: { source: '/dev/fd/63' }, code: 'MSP_FILE_UNREADABLE' },
      { name: 'no source', input: { source: 'ftp://host/x' }, code: 'MSP_USAGE' },
      { name: 'no room', input: { source: url }, host: fakeHost({ ...host, freeBytes: 10 }), code: 'MSP_SPACE_LOW' },
      {
        name: 'no room for a disk of this host',
        input: { source: '/tmp/disk', wanted: 'raw' },
        prepare: (world) => world.put({ '/tmp/disk': rawText }),
        host: fakeHost({ freeBytes: 10 }),
        code: 'MSP_SPACE_LOW',
      },
      {
        name: 'no such image',
        input: { source: 'lxc:alpine/9', imageServer: server },
        host: serverHost(),
        code: 'MSP_PULL_UNKNOWN',
      },
      {
        name: 'another architecture',
        input: { source: 'lxc:alpine/3.20/amd64', arch: 'arm64', imageServer: server },
        host: serverHost(),
        code: 'MSP_PULL_ARCH',
      },
      {
        name: 'no index',
        input: { source: 'lxc:alpine/3.20', imageServer: server },
        host: serverHost({ [`${server}/streams/v1/images.json`]: '<html>' }),
        code: 'MSP_PULL_INDEX',
      },
    ],
  },
  test,
);

test('says how large it is', () => {
  expect(probeImage.describe?.(found())).toBe('root.tar.xz, 1 MiB');
  expect(probeImage.describe?.({ ...found(), sizeBytes: null })).toBe('root.tar.xz');
});
