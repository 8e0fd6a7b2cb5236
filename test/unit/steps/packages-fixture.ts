/** A pretended archive of bookworm with a handful of packages. Its lists are not really compressed. */
import { createHash } from 'node:crypto';
import type { Answer, Program } from '../../../src/testing.ts';
import { paragraph } from '../model/package-universe-fixture.ts';
import { archive, mirror, sha256 } from './archive-fixture.ts';

export interface SuiteOptions {
  readonly suite?: string;
  readonly mirror?: string;
  readonly paragraphs?: readonly string[];
  readonly ending?: '.xz' | '.gz' | '';
  readonly byHash?: boolean;
  /** What the signed index promises. @default the digest of the list */
  readonly digest?: string;
}

const required = { Priority: 'required' };

export const packages = [
  paragraph('base-files', '12.4', { ...required, 'Pre-Depends': 'awk' }),
  paragraph('mawk', '1.3', { ...required, Provides: 'awk', Depends: 'libc6 (>= 2.36)' }),
  paragraph('libc6', '2.36-9', { 'Multi-Arch': 'same' }),
  paragraph('usr-is-merged', '37', {}),
  paragraph('apt', '2.6.1', { Priority: 'important', Depends: 'libc6' }),
  paragraph('nano', '1:7.2-1', { Priority: 'important' }),
];

/** What the pretended addresses answer, and the digest of the signed index. */
export function pretendSuite(options: SuiteOptions = {}): {
  readonly net: Readonly<Record<string, Answer>>;
  readonly inReleaseDigest: string;
  readonly listUrl: string;
} {
  const { suite = 'bookworm', mirror: place = mirror, paragraphs = packages, ending = '.xz', byHash = true } = options;
  const list = paragraphs.join('\n');
  const digest = options.digest ?? createHash('sha256').update(list).digest('hex');
  const text = [
    `Suite: ${suite}`,
    `Codename: ${suite}`,
    'Date: Sat, 11 Jul 2026 10:14:42 UTC',
    'Architectures: all amd64',
    'Components: main',
    ...(byHash ? ['Acquire-By-Hash: yes'] : []),
    'SHA256:',
    ` ${digest} ${Buffer.byteLength(list)} main/binary-amd64/Packages${ending}`,
    '',
  ].join('\n');
  const signed = `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${text}-----BEGIN PGP SIGNATURE-----\n\nabcd\n-----END PGP SIGNATURE-----\n`;
  const directory = `${place}/dists/${suite}`;
  const listUrl = byHash
    ? `${directory}/main/binary-amd64/by-hash/SHA256/${digest}`
    : `${directory}/main/binary-amd64/Packages${ending}`;
  return { net: { [`${directory}/InRelease`]: signed, [listUrl]: list }, inReleaseDigest: sha256(signed), listUrl };
}

/** The archive with a main suite such as `pretendSuite` gives. */
export const archiveOf = (inReleaseDigest: string): typeof archive => ({ ...archive, inReleaseDigest });

/** A program that hands on the file that it is given, as if that were compressed. */
export const unpacker: Program = function* program({ args, world, print }) {
  yield;
  for (const line of (world.read(args.at(-1) ?? '') ?? '').split('\n').slice(0, -1)) print(line);
};
