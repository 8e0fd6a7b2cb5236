import { expect, it } from 'vitest';
import { dueAttributes, parseDirectories } from '../../../src/model/directory-attributes.ts';

const of = (mode: number, uid = 0, gid = 0) => ({ mode, uid, gid });
const before = parseDirectories(
  Buffer.from(
    '755 0 0 \x002775 0 8 var/mail\x00755 0 0 usr/lib\x00700 0 0 two\nlines\x00755 0 0 etc\x00755 0 0 caf\xe9\x00',
    'latin1',
  ),
);

it('of directories are read as find prints them', () => {
  expect([...before.keys()]).toEqual(['/', '/var/mail', '/usr/lib', '/two\nlines', '/etc', '/caf\uDCE9']);
  expect(before.get('/var/mail')).toEqual(of(0o2775, 0, 8));
});

it('that were there stay, and new ones are as the first package has them', () => {
  const due = dueAttributes(before, [
    { paths: ['/.', '/var/', '/var/mail/', '/lib/', '/lib/new/', '/srv/'], directories: {} },
    { paths: null, directories: {} },
    {
      paths: ['/.', '/etc/', '/lib/new/', '/fresh/'],
      directories: { '/.': of(0o700), '/etc': of(0o700), '/lib/new': of(0o1777), '/fresh': of(0o2750, 5, 6) },
    },
    { paths: ['/fresh/'], directories: { '/fresh': of(0o777) } },
  ]);
  expect(Object.fromEntries(due)).toEqual({
    '/var/mail': of(0o2775, 0, 8),
    '/two\nlines': of(0o700),
    '/': of(0o755),
    '/etc': of(0o755),
    '/usr/lib/new': of(0o755),
    '/fresh': of(0o2750, 5, 6),
  });
});

it("are nobody's concern where all are usual", () => {
  expect(dueAttributes(new Map([['/usr', of(0o755)]]), [{ paths: ['/usr/'], directories: {} }]).size).toBe(0);
});
