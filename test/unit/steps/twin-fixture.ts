/** A small foreign tree, and one of the host's architecture whose programs may stand in for its own. */
import type { FileSpec } from '../../../src/testing/world.ts';

const interpreter = '/lib64/ld-linux-x86-64.so.2';
const names = ['libc6', 'dpkg', 'dash', 'coreutils'];
const programs = ['dash', 'dpkg', 'dpkg-divert', 'ls', 'uname', 'arch'].map((name) => `/usr/bin/${name}`);

const records = (version: string): string =>
  names.map((name) => `Package: ${name}\nStatus: install ok unpacked\nVersion: ${version}\n\n`).join('');

/** The head of a program, as far as anybody looks at it. */
function program(loader: string): Buffer {
  const head = Buffer.alloc(256);
  head.write('\x7fELF\x02\x01\x01', 'latin1');
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(1, 56);
  head.writeUInt32LE(3, 64);
  head.writeBigUInt64LE(160n, 72);
  head.writeBigUInt64LE(BigInt(loader.length + 1), 96);
  head.write(loader, 160, 'latin1');
  return head;
}

/** Four packages of version 1; `more` stands before their records. */
export function foreignFiles(more: string): Readonly<Record<string, FileSpec>> {
  const foreign = program('/lib/ld-linux-aarch64.so.1');
  return {
    '/var/lib/dpkg/status': `${more}${records('1')}`,
    ...Object.fromEntries(programs.map((path) => [path, foreign])),
  };
}

/** The same packages of that version, and their libraries. */
export function nativeFiles(version: string): Readonly<Record<string, FileSpec>> {
  return {
    '/var/lib/dpkg/status': records(version),
    '/var/lib/dpkg/info/coreutils.list': '/.\n/bin/ls\n/bin/uname\n/usr/bin/arch\n/usr/share/doc/coreutils\n',
    '/var/lib/dpkg/info/dash.list': '/.\n/bin/dash\n',
    '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2': 'the loader',
    ...Object.fromEntries(programs.map((path) => [path, program(interpreter)])),
  };
}
