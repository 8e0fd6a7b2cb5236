/** Where an image is pulled from, as a user writes it. */
import { fail } from '../errors/machinespawn-error.ts';
import { unescapeName } from './unescape-name.ts';

export type PullSource =
  | { readonly kind: 'http'; readonly url: string; readonly name: string }
  | { readonly kind: 'file'; readonly path: string; readonly name: string }
  | { readonly kind: 'stdin'; readonly name: string }
  /** Of an image server: lxc:DISTRO/RELEASE[/ARCH[/VARIANT]]. */
  | {
      readonly kind: 'server';
      readonly distro: string;
      readonly release: string;
      readonly arch: string | null;
      readonly variant: string | null;
      readonly name: string;
    };

/** A path has to be absolute: who reads the words knows where they were typed. Throws MSP_USAGE. */
export function parsePullSource(text: string): PullSource {
  if (text === '-') return { kind: 'stdin', name: 'standard input' };
  if (text.startsWith('lxc:')) return parseServerImage(text);
  if (/^https?:\/\//iu.test(text)) {
    if (!URL.canParse(text)) throw fail('MSP_USAGE', { problem: `'${text}' is not an address` });
    const url = new URL(text);
    url.hash = '';
    return { kind: 'http', url: url.href, name: nameOf(url) };
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//iu.exec(text)?.[1];
  if (text.startsWith('file:///')) return ofFile(unescapeName(new URL(text).pathname));
  if (scheme !== undefined)
    throw fail('MSP_USAGE', { problem: `nothing is pulled from ${scheme} addresses`, hint: 'http, https or a file' });
  if (!text.startsWith('/'))
    throw fail('MSP_USAGE', { problem: `'${text}' is neither an address nor an absolute path` });
  return ofFile(text);
}

function ofFile(path: string): PullSource {
  if (path.includes('\0')) throw fail('MSP_USAGE', { problem: `${JSON.stringify(path)} is not a path` });
  return { kind: 'file', path, name: path.slice(path.lastIndexOf('/') + 1) };
}

function nameOf(url: URL): string {
  return unescapeName(url.pathname.split('/').findLast((part) => part !== '') ?? url.host);
}

function parseServerImage(text: string): PullSource {
  const [distro = '', release = '', arch, variant, ...more] = text.slice('lxc:'.length).split('/');
  const word = /^\w[\w.+-]*$/u;
  const isGood = [distro, release, arch ?? 'x', variant ?? 'x'].every((part) => word.test(part)) && more.length === 0;
  if (!isGood)
    throw fail('MSP_USAGE', {
      problem: `'${text}' is not an image of a server`,
      hint: 'lxc:DISTRO/RELEASE[/ARCH[/VARIANT]], such as lxc:alpine/3.20/amd64',
    });
  return { kind: 'server', distro, release, arch: arch ?? null, variant: variant ?? null, name: text };
}
