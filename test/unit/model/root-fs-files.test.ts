import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { archs } from '../../../src/model/arch.ts';
import { archOfElf, elfHeaderBytes, elfOf } from '../../../src/model/elf.ts';
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
  ['armel', 'f0VMRgEBAQAAAAAAAAAAAAMAKAABAAAAzCIAADQAAACcAgIAAAIABTQAIAAJACgAHAAbAA=='],
  ['s390x', 'f0VMRgICAQAAAAAAAAAAAAADABYAAAABAAAAAAAAVGAAAAAAAAAAQAAAAAAAAhNIAAAAAA=='],
])('the head of a real /bin/dash: %s', (name, base64) => {
  const arch = archs.find((one) => one === name) ?? null;
  const head = Buffer.from(base64, 'base64');
  expect(head).toHaveLength(elfHeaderBytes);
  expect(archOfElf(head)).toBe(arch);
  expect(elfOf(head)).toEqual({ arch, name });
  expect(archOfElf(head.subarray(0, 51))).toBeNull();
});

test('architectures that are none of ours have names, where they are known', () => {
  const named = (is64: boolean, isLittle: boolean, machine: number): string | undefined => {
    const head = Buffer.alloc(elfHeaderBytes);
    head.set([0x7f, 0x45, 0x4c, 0x46, is64 ? 2 : 1, isLittle ? 1 : 2]);
    if (isLittle) head.writeUInt16LE(machine, 18);
    else head.writeUInt16BE(machine, 18);
    const kind = elfOf(head);
    expect(kind?.arch).toBeNull();
    return kind?.name;
  };
  expect(named(true, true, 21)).toBe('ppc64el');
  expect(named(true, false, 21)).toBe('ppc64');
  expect(named(true, true, 8)).toBe('mips64el');
  expect(named(false, false, 8)).toBe('mips');
  expect(named(true, true, 258)).toBe('loong64');
  expect(named(false, true, 62)).toBe('x32');
  expect(named(true, true, 4711)).toBe('machine 4711');
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
