import { expect, it } from 'vitest';
import { activatedPaths, pathInterests } from '../../../src/model/path-triggers.ts';

const file = '/usr/share/man man-db/noawait\n/usr/share/x lib:amd64\n/usr/share/man other\n/opt late\n';

it('are those of packages that are configured, each once', () => {
  expect(pathInterests(file, (name) => name !== 'late')).toEqual(['/usr/share/man', '/usr/share/x']);
  expect(pathInterests(file, (name) => name === 'lib')).toEqual(['/usr/share/x']);
  expect(pathInterests('', () => true)).toEqual([]);
});

it('are activated by a file of that name, and by what lies below', () => {
  const by = (...paths: readonly string[]) => activatedPaths(['/usr/share/man', '/etc/x'], [{ paths: [] }, { paths }]);
  expect(by('/usr', '/usr/share', '/usr/share/man')).toEqual(['/usr/share/man']);
  expect(by('/usr/share/man/man1/x.1', '/etc/x')).toEqual(['/usr/share/man', '/etc/x']);
  expect(by('/usr/share/manual', '/etc')).toEqual([]);
});
