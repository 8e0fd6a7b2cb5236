import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { archOfElf, elfHeaderBytes } from '../../../src/model/elf.ts';
import { hostsFile } from '../../../src/model/hosts-file.ts';
import { parseOsRelease } from '../../../src/model/os-release.ts';

test('os-release of bookworm', () => {
  const text =
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n';
  expect(parseOsRelease(text)).toEqual({
    id: 'debian',
    versionId: '12',
    codename: 'bookworm',
    prettyName: 'Debian GNU/Linux 12 (bookworm)',
  });
});

test('os-release with quotes, escapes, comments and rubbish', () => {
  const text = `# ID=no\n\nID='odd'\nPRETTY_NAME="A \\"B\\" \\$C"\nVERSION_ID=\nnonsense\n  UBUNTU_CODENAME=jammy  \n`;
  expect(parseOsRelease(text)).toEqual({ id: 'odd', versionId: null, codename: 'jammy', prettyName: 'A "B" $C' });
  expect(parseOsRelease('')).toEqual({ id: 'linux', versionId: null, codename: null, prettyName: 'linux' });
});

test.each([
  ['amd64', 'f0VMRgIBAQAAAAAAAAAAAAMAPgABAAAAYEcAAAAAAABAAAAAAAAAAIjjAQAAAAAAAAAAAA=='],
  ['i386', 'f0VMRgEBAQAAAAAAAAAAAAMAAwABAAAA0CcAADQAAAB0EgIAAAAAADQAIAALACgAHAAbAA=='],
  ['armhf', 'f0VMRgEBAQAAAAAAAAAAAAMAKAABAAAA8SEAADQAAACkAgIAAAQABTQAIAAJACgAHAAbAA=='],
  ['arm64', 'f0VMRgIBAQAAAAAAAAAAAAMAtwABAAAAgEYAAAAAAABAAAAAAAAAAEgDAgAAAAAAAAAAAA=='],
  ['riscv64', 'f0VMRgIBAQAAAAAAAAAAAAMA8wABAAAA1FAAAAAAAABAAAAAAAAAALjDAQAAAAAABQAAAA=='],
  // armel and s390x
  [null, 'f0VMRgEBAQAAAAAAAAAAAAMAKAABAAAAzCIAADQAAACcAgIAAAIABTQAIAAJACgAHAAbAA=='],
  [null, 'f0VMRgICAQAAAAAAAAAAAAADABYAAAABAAAAAAAAVGAAAAAAAAAAQAAAAAAAAhNIAAAAAA=='],
])('the head of a real /bin/dash: %s', (arch, base64) => {
  const head = Buffer.from(base64, 'base64');
  expect(head).toHaveLength(elfHeaderBytes);
  expect(archOfElf(head)).toBe(arch);
  expect(archOfElf(head.subarray(0, 51))).toBeNull();
});

test('what is no ELF file has no architecture', () => {
  expect(archOfElf(Buffer.from('#!/bin/sh\n'.padEnd(60)))).toBeNull();
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => archOfElf(bytes) === null || bytes[1] === 0x45));
});

test('/etc/hosts names the machine, and has the lines for IPv6', () => {
  expect(hostsFile('bread')).toBe(
    '127.0.0.1\tlocalhost\n127.0.1.1\tbread\n\n::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n',
  );
  expect(hostsFile('web.example.org')).toContain('127.0.1.1\tweb.example.org web\n');
});
