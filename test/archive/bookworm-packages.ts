/** The packages of a small bookworm, as test archives offer them under any codename. The .debs stay as they are. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import type { Arch } from '../../src/model/arch.ts';
import { fieldOf, withField, type TestPackage } from './test-package.ts';

// Not the synchronous form: the source may be a server of this process.
const run = promisify(execFile);

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Where the real archive is read from, each file once. */
export interface PackageSource {
  /** Of the archive, for debootstrap. */
  readonly url: string;
  /** File on this disk with what is at a path, such as /debian/pool/…. */
  keep(path: string): Promise<string>;
}

/**
 * What debootstrap takes for its smallest variant.
 * `usr`: `merged` where the release's script makes /bin a link, as for Debian since 10 and for Ubuntu since 20.04.
 */
export async function bookwormMinbase(
  source: PackageSource,
  arch: Arch,
  usr: 'merged' | 'split',
): Promise<readonly TestPackage[]> {
  const wanted = new Set(await namesOfMinbase(source.url, arch));
  const index = await source.keep(`/debian/dists/bookworm/main/binary-${arch}/Packages.xz`);
  const { stdout: paragraphs } = await run('xz', ['--decompress', '--stdout', index], { maxBuffer: 2 ** 28 });
  const listed = paragraphs.split('\n\n').filter((paragraph) => wanted.has(fieldOf(paragraph, 'Package') ?? ''));
  if (listed.length !== wanted.size)
    throw new TypeError(`${listed.length} of ${wanted.size} packages are in the index`);
  return await Promise.all(
    listed
      .filter((paragraph) => usr === 'merged' || fieldOf(paragraph, 'Package') !== 'usr-is-merged')
      .map(async (paragraph) => {
        const path = fieldOf(paragraph, 'Filename') ?? '';
        return {
          name: fieldOf(paragraph, 'Package') ?? '',
          paragraph: asBeforeUsrMerge(paragraph),
          path,
          content: { file: await source.keep(`/debian/${path}`) },
        };
      }),
  );
}

async function namesOfMinbase(url: string, arch: Arch): Promise<readonly string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'machinespawn-names-'));
  try {
    const options = ['--print-debs', '--variant=minbase', `--arch=${arch}`, `--keyring=${keyring}`];
    const { stdout } = await run('debootstrap', [...options, 'bookworm', join(directory, 'tree'), url]);
    return stdout.trim().split(/\s+/u);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Only bookworm's script knows that a new tree needs no `usrmerge`; to those of other releases the index says it:
 * `usr-is-merged` is required, and nothing asks for the other one.
 */
function asBeforeUsrMerge(paragraph: string): string {
  if (fieldOf(paragraph, 'Package') === 'usr-is-merged') return withField(paragraph, 'Priority', 'required');
  const depends = fieldOf(paragraph, 'Depends');
  if (depends === null || !depends.includes('usrmerge')) return paragraph;
  const others = depends.split(', ').filter((one) => !one.startsWith('usrmerge'));
  if (others.length > 0) return withField(paragraph, 'Depends', others.join(', '));
  return paragraph.replace(/^Depends:.*\n?/mu, '').trimEnd();
}
