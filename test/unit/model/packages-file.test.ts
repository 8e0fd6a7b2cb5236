import { expect, test } from 'vitest';
import { findListedPackage } from '../../../src/model/packages-file.ts';

const digest = 'a'.repeat(64);
const paragraph = (name: string, version: string, more = ''): string =>
  `Package: ${name}\nVersion: ${version}\n${more}Filename: pool/main/${name}_${version}.deb\nSize: 12\nSHA256: ${digest}\nDescription: x\n`;

test('a package by its whole name, the last of its versions', () => {
  const text = [paragraph('a', '1'), paragraph('a-b', '2'), paragraph('b', '3'), paragraph('b', '4')].join('\n');
  expect(findListedPackage(text, 'a')?.version).toBe('1');
  expect(findListedPackage(text, 'b')).toEqual({
    version: '4',
    file: 'pool/main/b_4.deb',
    sha256: digest,
    sizeBytes: 12,
  });
  expect(findListedPackage(text, 'c')).toBeNull();
  expect(findListedPackage('', 'a')).toBeNull();
});

test('one that says too little, or leads elsewhere, is none', () => {
  const good = paragraph('a', '1');
  expect(findListedPackage(good.replace(/^SHA256.*\n/mu, ''), 'a')).toBeNull();
  expect(findListedPackage(good.replace('Size: 12', 'Size: many'), 'a')).toBeNull();
  expect(findListedPackage(good.replace(digest, 'short'), 'a')).toBeNull();
  expect(findListedPackage(good.replace('pool/main', 'pool/../..'), 'a')).toBeNull();
  expect(findListedPackage(good.replace('pool/main', 'http://elsewhere'), 'a')).toBeNull();
});
