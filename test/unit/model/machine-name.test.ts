import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isCutOnVirtualEthernet, parseMachineName } from '../../../src/model/machine-name.ts';
import { errorOf } from './error-of.ts';

test.each(['bread', 'a', '1', 'Bread-2', 'a.b', 'web-1.example.org', 'a--b', 'x'.repeat(64)])(
  '%s is a name',
  (name) => {
    expect(parseMachineName(name)).toBe(name);
  },
);

test.each([
  ['my_box', 'my-box', "'_' is not allowed, only letters, digits, '-' and '.', at most 64 characters"],
  ['a_b', 'a-b', "'_'"],
  ['-x', 'x', "start or end with '-'"],
  ['x-', 'x', "start or end with '-'"],
  ['a.-b', 'a.b', "start or end with '-'"],
  ['a..b', 'a.b', 'two dots'],
  ['.x', 'x', "start or end with '.'"],
  ['x.', 'x', "start or end with '.'"],
  ['ü', 'u', "'ü'"],
  ['Straße', 'Strasse', "'ß'"],
  ['x'.repeat(65), 'x'.repeat(64), '65 characters'],
  [`${'x'.repeat(63)}-yy`, 'x'.repeat(63), '66 characters'],
  ['.host', 'host', 'the host itself'],
  ['../x', 'x', "'/'"],
  ['/etc/passwd', 'etc-passwd', "'/'"],
  ['my box', 'my-box', 'white space'],
  ['a\u0000b', 'a-b', 'a control character'],
  ['', null, 'empty'],
  ['..', null, "'.'"],
  ['🍞', null, "'🍞'"],
])('%j is refused', (name, suggestion, reason) => {
  const error = errorOf(() => parseMachineName(name));
  expect(error).toMatchObject({ code: 'MSP_NAME_INVALID', exitCode: 2 });
  expect(error.data).toMatchObject({ name, suggestion });
  expect(error.data['reason']).toContain(reason);
});

test('any text is a name, or gets an error whose suggestion is a name', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 90 }),
    fc.string({ unit: fc.constantFrom('a', 'Z', '0', '-', '.', '_', 'ü', '/', ' '), maxLength: 90 }),
  );
  let refused = 0;
  fc.assert(
    fc.property(texts, (text) => {
      try {
        expect(parseMachineName(text)).toMatch(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$/u);
      } catch {
        refused += 1;
        const { suggestion } = errorOf(() => parseMachineName(text)).data as { suggestion: string | null };
        if (suggestion !== null) expect(parseMachineName(suggestion)).toBe(suggestion);
        else expect(text).not.toMatch(/[A-Za-z0-9]/u);
      }
    }),
    { numRuns: 3000 },
  );
  expect(refused).toBeGreaterThan(100);
});

test('names above 12 characters are cut in the name of a virtual interface', () => {
  expect(isCutOnVirtualEthernet(parseMachineName('x'.repeat(12)))).toBe(false);
  expect(isCutOnVirtualEthernet(parseMachineName('x'.repeat(13)))).toBe(true);
});
