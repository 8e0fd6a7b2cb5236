/** Images in the pretended world, for the tests of the steps that pull them. */
import { createHash } from 'node:crypto';
import type { FoundImage, PulledImage } from '../../../src/steps/lib/pulled-image.ts';
import type { World } from '../../../src/testing.ts';

export const downloads = '/var/cache/machinespawn/downloads';
export const url = 'https://host.example/images/root.tar.xz';
export const plainUrl = url.replace('https:', 'http:');

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
export const etagOf = (text: string): string => `"${createHash('md5').update(text).digest('hex')}"`;
export const urlNote = (address = url): string => `${downloads}/urls/${digestOf(address)}.json`;

/** A pretended archive: see pretended-archives.ts. */
export const tarText = 'xz tar {"etc/os-release":"ID=x","bin/sh":"sh"}';
export const rawText = 'zstd raw disk';

export const found = (text = tarText, address = url): FoundImage => ({
  kind: 'http',
  place: address,
  name: 'root.tar.xz',
  sizeBytes: text.length,
  etag: etagOf(text),
  lastModified: null,
  promised: null,
  arch: null,
  compression: text.startsWith('xz tar') ? 'xz' : null,
});

export const pulled = (text = tarText, address = url): PulledImage => ({
  kind: 'http',
  place: address,
  url: address,
  secure: address.startsWith('https:'),
  name: 'root.tar.xz',
  path: `${downloads}/${digestOf(text)}`,
  sha256: digestOf(text),
  sizeBytes: text.length,
  mtimeMs: null,
  promised: null,
});

/** It was fetched before. */
export function putDownload(world: World, text = tarText, address = url): void {
  const note = {
    ...{ format: 1, url: address, finalUrl: address, secure: address.startsWith('https:') },
    ...{ etag: etagOf(text), lastModified: null, sha256: digestOf(text), sizeBytes: text.length, verification: null },
  };
  world.put({ [`${downloads}/${digestOf(text)}`]: text, [urlNote(address)]: `${JSON.stringify(note)}\n` });
}
