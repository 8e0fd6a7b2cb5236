import { expect, test } from 'vitest';
import { findStreamItem, productsPath } from '../../../src/model/simple-streams.ts';
import { errorOf } from './error-of.ts';

const url = 'https://images.example/streams/v1/images.json';
const item = (path: string, ftype: string) => ({ [ftype]: { ftype, path, sha256: 'c'.repeat(64), size: 7 } });
const text = JSON.stringify({
  products: {
    'debian:bookworm:amd64:default': {
      ...{ os: 'Debian', release: 'bookworm', arch: 'amd64', variant: 'default', aliases: 'debian/12,debian/bookworm' },
      versions: {
        '2': { items: {} },
        '1': { items: { ...item('r.tar.xz', 'root.tar.xz'), ...item('d.qcow2', 'disk-kvm.img') } },
      },
    },
  },
});
const wanted = {
  name: 'lxc:x',
  distro: 'debian',
  release: 'bookworm',
  arch: 'amd64',
  variant: 'default',
  content: 'tar',
} as const;

test('the newest version that has the file, by name and by alias', () => {
  const found = { path: 'r.tar.xz', sha256: 'c'.repeat(64), sizeBytes: 7, version: '1' };
  expect(findStreamItem(text, url, wanted)).toEqual(found);
  expect(findStreamItem(text, url, { ...wanted, release: '12' })).toEqual(found);
  expect(findStreamItem(text, url, { ...wanted, content: 'raw' }).path).toBe('d.qcow2');
});

test('what is not there, with what is near', () => {
  const error = errorOf(() => findStreamItem(text, url, { ...wanted, release: 'bookwrm' }));
  expect(error).toMatchObject({ code: 'MSP_PULL_UNKNOWN', hint: "did you mean 'lxc:debian/bookworm/amd64/default'?" });
});

test.each(['<html>', '{}', 'null'])('%s is no index', (broken) => {
  expect(errorOf(() => findStreamItem(broken, url, wanted)).code).toBe('MSP_PULL_INDEX');
  expect(errorOf(() => productsPath(broken, url)).code).toBe('MSP_PULL_INDEX');
});
