import { expect, it } from 'vitest';
import { inputTypes, inputTypesAt } from '../../../src/app-input-types.ts';

it('a path is that of the place where it was given, so that a run means the same file from anywhere', () => {
  expect(inputTypes['path']?.parse('a/../b/')).toBe(`${process.cwd()}/b`);
  expect(inputTypesAt('/srv/work')['path']?.parse('./in.tar')).toBe('/srv/work/in.tar');
  expect(inputTypes['path']?.parse('/etc//passwd')).toBe('/etc/passwd');
  for (const wrong of ['', 'a\0b', 7])
    expect(() => inputTypes['path']?.parse(wrong)).toThrow(expect.objectContaining({ code: 'MSP_USAGE' }));
});

const table: Readonly<Record<string, readonly [given: unknown, value: unknown, wrong: readonly unknown[]]>> = {
  string: ['22.10', '22.10', [7, null]],
  number: ['1.5', 1.5, ['one', true, '']],
  boolean: ['yes', true, ['maybe', 1]],
  list: ['a, b', ['a', 'b'], [7, [1]]],
  choice: ['zstd', 'zstd', [7]],
  path: ['/etc//x/../passwd', '/etc/passwd', ['', 7]],
  duration: ['1h30m', 5_400_000, ['10 minutes', 10]],
  size: ['1.5K', 1536, ['much', 10]],
  secret: ['@/run/key', '@/run/key', ['hunter2', 'env:', 7]],
  'image-spec': ['bookworm/arm64', 'debian-12/arm64', ['windows-95', 7]],
  'machine-name': ['bread', 'bread', ['my_box', '', 7]],
  arch: ['arm64', 'arm64', ['armv9', 7]],
};

it('there are as many types as the format promises', () => {
  expect(Object.keys(inputTypes).toSorted()).toEqual(Object.keys(table).toSorted());
});

it.each(Object.entries(table))('%s takes what it should, and refuses the rest', (name, [given, value, wrong]) => {
  const type = inputTypes[name];
  expect(type?.parse(given)).toEqual(value);
  for (const one of wrong)
    expect(() => type?.parse(one), JSON.stringify(one)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^MSP_/u) }),
    );
});
