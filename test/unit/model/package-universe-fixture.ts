/** Small archives for the tests of choosing: each package in one line. */
import { createHash } from 'node:crypto';
import type { PackagePin } from '../../../src/model/package-request.ts';
import { PackageUniverse } from '../../../src/model/package-universe.ts';
import { PackagesIndex } from '../../../src/model/packages-index.ts';

export const mirror = 'http://archive.example/debian';
const url = `${mirror}/dists/bookworm/main/binary-amd64/Packages.xz`;

export type Fields = Readonly<Record<string, string>>;

/** `name version`, and what else the paragraph says; all that it needs has a value of its own otherwise. */
export function paragraph(name: string, version: string, fields: Fields = {}): string {
  const all: Record<string, string> = {
    Package: name,
    Version: version,
    Maintainer: 'Zoë <zoe@archive.example>',
    Architecture: 'amd64',
    Priority: 'optional',
    Section: 'misc',
    Filename: `pool/main/${name[0]}/${name}/${name}_${version.replace(/^\d+:/u, '')}_amd64.deb`,
    Size: '100',
    SHA256: createHash('sha256').update(`${name} ${version}`).digest('hex'),
    ...fields,
    Description: `a package called ${name}\n that goes on`,
  };
  return Object.entries(all)
    .filter(([, value]) => value !== '')
    .map(([field, value]) => `${field}: ${value}\n`)
    .join('');
}

export function indexOf(...paragraphs: readonly string[]): PackagesIndex {
  const index = new PackagesIndex();
  index.push(Buffer.from(paragraphs.join('\n')));
  return index.end();
}

/** One source for each list of paragraphs. */
export function universe(...lists: readonly (readonly string[])[]): PackageUniverse {
  return ranked(...lists.map((paragraphs) => ({ priority: 500, paragraphs })));
}

/** Sources of other priorities than the usual one. */
export function ranked(
  ...lists: readonly { readonly priority: number; readonly paragraphs: readonly string[] }[]
): PackageUniverse {
  return new PackageUniverse(
    'amd64',
    lists.map(({ priority, paragraphs }) => ({
      index: indexOf(...paragraphs),
      mirror,
      url,
      priority,
      suites: ['trixie'],
    })),
  );
}

/** By the names of suites, with versions that are asked for. */
export function pinned(
  pins: ReadonlyMap<string, PackagePin>,
  lists: Readonly<Record<string, readonly string[]>>,
): PackageUniverse {
  const sources = Object.entries(lists).map(([suite, paragraphs]) => ({
    ...{ index: indexOf(...paragraphs), mirror, url, priority: suite.endsWith('-backports') ? 100 : 500 },
    suites: [suite, 'stable'],
  }));
  return new PackageUniverse('amd64', sources, pins);
}
