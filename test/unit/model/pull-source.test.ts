import { expect, test } from 'vitest';
import { parsePullSource } from '../../../src/model/pull-source.ts';
import { errorOf } from './error-of.ts';

test.each([
  ['-', { kind: 'stdin', name: 'standard input' }],
  ['/a/root.tar', { kind: 'file', path: '/a/root.tar', name: 'root.tar' }],
  ['file:///a/b%20c.tar', { kind: 'file', path: '/a/b c.tar', name: 'b c.tar' }],
  ['file:///a/100%.tar.gz', { kind: 'file', path: '/a/100%.tar.gz', name: '100%.tar.gz' }],
  ['file:///a/%C3%A9%FF%.tar', { kind: 'file', path: '/a/%C3%A9%FF%.tar', name: '%C3%A9%FF%.tar' }],
  ['http://h.example/a%20100%.tar', { kind: 'http', url: 'http://h.example/a%20100%.tar', name: 'a 100%.tar' }],
  [
    'https://h.example/x/root.tar.xz?t=1#z',
    { kind: 'http', url: 'https://h.example/x/root.tar.xz?t=1', name: 'root.tar.xz' },
  ],
  ['http://h.example/', { kind: 'http', url: 'http://h.example/', name: 'h.example' }],
  ['https://h.example/x%2', { kind: 'http', url: 'https://h.example/x%2', name: 'x%2' }],
  [
    'lxc:alpine/3.20/amd64/cloud',
    {
      kind: 'server',
      distro: 'alpine',
      release: '3.20',
      arch: 'amd64',
      variant: 'cloud',
      name: 'lxc:alpine/3.20/amd64/cloud',
    },
  ],
])('%s', (text, source) => expect(parsePullSource(text)).toEqual(source));

test.each(['root.tar', 'ftp://h/x', 'https://', 'lxc:alpine', 'lxc:a/b/c/d/e', 'lxc:../b', 'file:///a%00b'])(
  '%s is refused',
  (text) => {
    expect(errorOf(() => parsePullSource(text)).code).toBe('MSP_USAGE');
  },
);
