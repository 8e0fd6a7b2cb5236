import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeName, encodeName } from '../../../src/model/file-name.ts';
import { infoFiles } from '../../../src/model/dpkg-database.ts';
import { parseDebControl } from '../../../src/model/deb-control.ts';
import { tarOf } from '../../../src/model/tar-file.ts';
import { demoControl } from '../../support/deb-file.ts';

it('comes back as the bytes that it was, whatever they are', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(encodeName(decodeName(bytes))).toEqual(Buffer.from(bytes));
    }),
  );
});

it('is plain text where it is UTF-8', () => {
  expect(decodeName(Buffer.from('\uFEFFcafé \uFFFD'))).toBe('\uFEFFcafé \uFFFD');
  expect(decodeName(Buffer.from('/caf\xe9 é', 'latin1'))).toBe('/caf\uDCE9 \uDCE9');
});

it('stands in the list of a package as the package has it', () => {
  const control = parseDebControl(demoControl, 'demo');
  const paths = [decodeName(Buffer.from('/caf\xe9', 'latin1'))];
  const files = infoFiles({ control, priority: '', section: '', controlFiles: [], paths });
  expect(tarOf(files).includes(Buffer.from('/caf\xe9\n', 'latin1'))).toBe(true);
});
