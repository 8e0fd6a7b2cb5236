/** The links of a merged /usr, as debootstrap makes them where the release's own base-files does not. */
import type { Arch } from './arch.ts';
import type { PackageSelection } from './package-selection.ts';
import type { TarFile } from './tar-file.ts';

/** Top-level directories that the required packages of an architecture have, besides the common ones. */
const ownDirectories: Readonly<Partial<Record<Arch, readonly string[]>>> = { amd64: ['lib64'] };

/** What has to be there before the first package is unpacked. */
export function mergedUsrFiles({ arch }: Pick<PackageSelection, 'arch'>): readonly TarFile[] {
  return ['bin', 'lib', ...(ownDirectories[arch as Arch] ?? []), 'sbin'].flatMap((name): TarFile[] => [
    { path: `usr/${name}`, content: '', mode: 0o755, kind: 'directory' },
    { path: name, content: '', mode: 0o777, kind: { symlink: `usr/${name}` } },
  ]);
}

const merged = /^\/(bin|sbin|lib|lib32|lib64|libo32|libx32)\//u;

/** Where a path of a package really is: "/bin/x" is "/usr/bin/x". */
export function mergedPath(path: string): string {
  return path.replace(merged, '/usr/$1/');
}
