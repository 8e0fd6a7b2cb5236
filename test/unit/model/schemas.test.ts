import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseArchiveUrl } from '../../../src/model/archive-url.ts';
import { parseHostName } from '../../../src/model/host-name.ts';
import { parseComponentList, parsePackageList } from '../../../src/model/package-list.ts';
import * as schemas from '../../../src/model/schemas.ts';
import { errorOf } from './error-of.ts';

test('every schema is described and has a JSON schema for its input', () => {
  const { artifactSchema, ...texts } = schemas;
  expect(z.toJSONSchema(artifactSchema, { io: 'input' })).toMatchObject({ type: 'object' });
  expect(artifactSchema.description).toBeTruthy();
  const all = Object.values(texts);
  expect(all.length).toBeGreaterThan(8);
  for (const schema of all) {
    expect(schema.description).toBeTruthy();
    expect(z.toJSONSchema(schema, { io: 'input' })).toMatchObject({ type: 'string' });
  }
});

test('what goes into outputs has a JSON schema there, too', () => {
  for (const schema of [schemas.machineNameSchema, schemas.hostNameSchema, schemas.archSchema, schemas.variantSchema]) {
    expect(z.toJSONSchema(schema, { io: 'output' })).toMatchObject({ type: 'string' });
  }
});

test('values are parsed', () => {
  expect(schemas.machineNameSchema.parse('bread')).toBe('bread');
  expect(schemas.imageSpecSchema.parse('bookworm/arm64')).toMatchObject({ codename: 'bookworm', arch: 'arm64' });
  expect(schemas.durationSchema.parse('10m')).toBe(600_000);
  expect(schemas.byteSizeSchema.parse('1K')).toBe(1024);
  expect(schemas.packageListSchema.parse('nano,less, nano')).toEqual(['less', 'nano']);
  expect(schemas.componentListSchema.parse('main,contrib')).toEqual(['main', 'contrib']);
  expect(schemas.archiveUrlSchema.parse('http://mirror.example/debian/')).toBe('http://mirror.example/debian');
});

test.each([
  [schemas.machineNameSchema, 'my_box', 'MSP_NAME_INVALID'],
  [schemas.imageSpecSchema, 'ubuntu-jamy', 'MSP_IMAGE_UNKNOWN'],
  [schemas.durationSchema, '10 minutes', 'MSP_USAGE'],
] as const)('a fault keeps its code and hint: %$', (schema, text, code) => {
  const result = schema.safeParse(text);
  expect(result.error?.issues).toMatchObject([{ code: 'custom', params: { code, hint: expect.any(String) } }]);
});

test('a value of another type is an issue, not a crash', () => {
  expect(schemas.machineNameSchema.safeParse(12).error?.issues).toMatchObject([{ code: 'invalid_type' }]);
  expect(schemas.imageSpecSchema.safeParse(null).error?.issues).toMatchObject([{ code: 'invalid_type' }]);
});

test('lists', () => {
  expect(parsePackageList('')).toEqual([]);
  expect(parsePackageList('libstdc++6,g++')).toEqual(['g++', 'libstdc++6']);
  expect(parseComponentList('non-free-firmware main main')).toEqual(['non-free-firmware', 'main']);
  for (const text of ['-y', 'a b;c', 'Nano', 'x', '--include=y']) {
    expect(errorOf(() => parsePackageList(text)).code, text).toBe('MSP_USAGE');
  }
  expect(errorOf(() => parseComponentList('main,../x')).code).toBe('MSP_USAGE');
});

test('host names', () => {
  expect(parseHostName('web.example.org')).toBe('web.example.org');
  for (const text of ['', '-x', 'a..b', 'a_b', 'x'.repeat(64), 'a b']) {
    expect(errorOf(() => parseHostName(text)).code, text).toBe('MSP_USAGE');
  }
});

test('addresses of archives', () => {
  expect(parseArchiveUrl('https://mirror.example:8080/debian//')).toBe('https://mirror.example:8080/debian');
  expect(parseArchiveUrl('file:///srv/mirror')).toBe('file:///srv/mirror');
  for (const text of [
    '',
    'mirror.example',
    'ftp://x/y',
    'file:///',
    'http://',
    'http://a/b c',
    'http://a/b\nx',
    'http://u:p@a/b',
    'http://a/?q',
    'http://a/[x]',
  ]) {
    expect(errorOf(() => parseArchiveUrl(text)).code, text).toBe('MSP_USAGE');
  }
});
