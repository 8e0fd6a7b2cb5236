import { expect, test } from 'vitest';
import { requireForm, type WantedContent } from '../../../../src/steps/lib/require-form.ts';
import type { ArchiveForm } from '../../../../src/model/archive-form.ts';
import { errorOf } from '../../model/error-of.ts';

const source = "https://h.example/it's?a=1&token=x";
const image = { name: 'it', source, machine: 'box', isStart: true };
const refused = (form: ArchiveForm, wanted: WantedContent, more = {}) =>
  errorOf(() => requireForm(form, wanted, { ...image, ...more }));

test.each([
  ['raw', 'tar', 'pull-raw'],
  ['qcow2', 'tar', 'pull-raw'],
  ['tar', 'raw', 'pull-tar'],
] as const)(
  '%s where %s is wanted: the hint can be pasted, with the address and the name as they were given',
  (...row) => {
    const [content, wanted, command] = row;
    const error = refused({ compression: 'xz', content }, wanted);
    expect(error.code).toBe('MSP_PULL_KIND');
    expect(error.hint).toBe(`sudo machinespawn ${command} 'https://h.example/it'\\''s?a=1&token=x' box`);
  },
);

test.each([
  ['html', 'it is a web page, not a tar'],
  ['empty', 'it is empty, not a tar'],
  ['unknown', 'it is nothing that is known, not a tar'],
] as const)('%s is no image', (content, message) => {
  const error = refused({ compression: 'none', content }, 'tar');
  expect(error.message).toBe(message);
  expect(error.hint).toBe('is it the right address?');
});

test.each([
  ['-', 'look at what the program before it gives'],
  ['/tmp/root.tar', 'is it the right file?'],
  ['lxc:alpine/3.20', 'is it the right address?'],
])('the hint is true for %s', (place, hint) => {
  expect(refused({ compression: 'none', content: 'html' }, 'tar', { source: place }).hint).toBe(hint);
});

test('packed bytes that do not tell yet may pass, at the beginning', () => {
  const form: ArchiveForm = { compression: 'bzip2', content: 'unknown' };
  requireForm(form, 'tar', image);
  expect(refused(form, 'tar', { isStart: false }).code).toBe('MSP_PULL_KIND');
});

test('what wants too much memory says how much, and how to do without', () => {
  const error = refused({ compression: 'zstd', content: 'unknown', windowBytes: 2 ** 31 }, 'tar');
  expect(error.code).toBe('MSP_PULL_MEMORY');
  expect(error.message).toContain('2048 MiB');
  expect(error.hint).toContain('--long=31');
});
