import { expect, it } from 'vitest';
import { inputTypes, inputTypesAt } from '../../../src/app-input-types.ts';

it('a path is that of the place where it was given, so that a run means the same file from anywhere', () => {
  expect(inputTypes['path']?.parse('a/../b/')).toBe(`${process.cwd()}/b`);
  expect(inputTypesAt('/srv/work')['path']?.parse('./in.tar')).toBe('/srv/work/in.tar');
  expect(inputTypes['path']?.parse('/etc//passwd')).toBe('/etc/passwd');
  for (const wrong of ['', 'a\0b', 7])
    expect(() => inputTypes['path']?.parse(wrong)).toThrow(expect.objectContaining({ code: 'MSP_USAGE' }));
});
