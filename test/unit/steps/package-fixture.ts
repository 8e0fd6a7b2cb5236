/** A pretended cache with a selection and its .deb files. */
import type { SelectedPackage } from '../../../src/model/package-selection.ts';
import { debPath, selectionPath } from '../../../src/model/package-selection.ts';
import type { World } from '../../../src/testing.ts';
import { debFile, sha256, type DebSpec } from '../../support/deb-file.ts';

export interface DemoPackage extends Partial<SelectedPackage> {
  readonly name: string;
  readonly deb?: DebSpec;
  /** What lies in the cache in place of it. */
  readonly spoiled?: Buffer;
}

const cache = '/var/cache/machinespawn';

/** Puts them there; gives the digest of the selection. */
export function putSelection(world: World, packages: readonly DemoPackage[]): string {
  const selected = packages.map(({ deb, spoiled, ...more }) => {
    const control = `Package: ${more.name}\nVersion: 1\nArchitecture: all\nMaintainer: A <a@b>\nDescription: demo\n`;
    const content = debFile({ control, ...deb });
    const one: SelectedPackage = {
      ...{ version: '1', arch: 'all', priority: 'required', section: 'misc', essential: false, multiArch: null },
      ...{ preDepends: [], depends: [], mirror: 'http://x', filename: `${more.name}.deb`, stage: 'required' },
      ...{ sizeBytes: content.length, sha256: sha256(content) },
      ...more,
    };
    world.put({ [debPath(`${cache}/packages/debian`, one)]: spoiled ?? content });
    return one;
  });
  const text = JSON.stringify({ format: 1, distro: 'debian', suite: 'bookworm', arch: 'amd64', packages: selected });
  world.put({ [selectionPath(cache, sha256(text))]: text });
  return sha256(text);
}

export const plainFiles = (name: string) => [
  { path: './', content: '', mode: 0o755, kind: 'directory' as const },
  { path: './usr/', content: '', mode: 0o755, kind: 'directory' as const },
  { path: `./usr/${name}`, content: `content of ${name}`, mode: 0o644 },
];
