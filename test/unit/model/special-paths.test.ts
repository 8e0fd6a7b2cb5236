import { expect, it } from 'vitest';
import { specialPaths } from '../../../src/model/special-paths.ts';

const diversions = '/bin/sh\n/bin/sh.distrib\ndash\n/usr/bin/x\n/usr/bin/x.real\n:\n';
const overrides = 'root mail 2775 /var/odd\nroot root 4755 /usr/bin/with space\n';

it('are diverted ones, but for the package that diverts, and those that somebody has set', () => {
  const isSpecial = specialPaths({ diversions, overrides });
  expect(isSpecial('demo', ['/.', '/usr/', '/usr/bin/', '/usr/bin/y', '/var/'])).toBe(false);
  for (const path of ['/bin/sh', '/usr/bin/sh', '/bin/sh.distrib', '/usr/bin/x', '/bin/x.real', '/var/odd/'])
    expect([path, isSpecial('demo', ['/.', path])]).toEqual([path, true]);
  expect(isSpecial('demo', ['/usr/bin/with space'])).toBe(true);
  expect(isSpecial('dash', ['/bin/sh'])).toBe(false);
  expect(isSpecial('dash', ['/usr/bin/x'])).toBe(true);
});

it('are none where dpkg knows of none', () => {
  expect(specialPaths({ diversions: '', overrides: '' })('demo', ['/bin/sh'])).toBe(false);
});
