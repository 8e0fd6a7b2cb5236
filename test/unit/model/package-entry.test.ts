import { describe, expect, it } from 'vitest';
import { listedPath } from '../../../src/model/package-entry.ts';
import type { TarEntry } from '../../../src/model/tar-entry.ts';
import { errorOf } from './error-of.ts';

const entry = (name: string, more: Partial<TarEntry> = {}): TarEntry => ({
  ...{ name, type: 'file', linkName: '', mode: 0o644, uid: 0, gid: 0, mtime: 0, sizeBytes: 0 },
  ...more,
});

describe('an entry of a data member', () => {
  it('has the path that dpkg lists', () => {
    const paths = ['./', './usr/', './usr/bin/x', 'usr/share//y'].map((name) => listedPath(entry(name), 'demo'));
    expect(paths).toEqual(['/.', '/usr', '/usr/bin/x', '/usr/share/y']);
  });

  it('may be a link that stays in the tree', () => {
    for (const linkName of ['../lib/x', '/etc/x', '../../usr', 'x'])
      expect(listedPath(entry('./usr/bin/x', { type: 'symlink', linkName }), 'demo')).toBe('/usr/bin/x');
    expect(listedPath(entry('./b', { type: 'link', linkName: './a' }), 'demo')).toBe('/b');
  });

  it('is refused where it could lead out of the tree', () => {
    const hostile = [
      entry('../etc/passwd'),
      entry('./usr/../../etc/passwd'),
      entry('/etc/passwd'),
      entry('./usr/bin/x', { type: 'symlink', linkName: '../../../etc/passwd' }),
      entry('./x', { type: 'symlink', linkName: 'a/../../b' }),
      entry('./x', { type: 'link', linkName: '../etc/shadow' }),
      entry('./x', { type: 'link', linkName: '/etc/shadow' }),
      entry('./dev/sda', { type: 'block' }),
      entry('./a\nb'),
    ];
    for (const one of hostile) expect(errorOf(() => listedPath(one, 'demo')).code).toBe('MSP_PACKAGE_HOSTILE');
  });
});
