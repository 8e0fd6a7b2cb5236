import type { RootFiles } from '../../plugin.ts';

/** The newest version in /boot that has an initrd; null when there is none. */
export async function findKernel(root: Pick<RootFiles, 'list'>): Promise<string | null> {
  const names = await root.list('/boot');
  const versions = names
    .filter((name) => name.startsWith('vmlinuz-'))
    .map((name) => name.slice('vmlinuz-'.length))
    .filter((version) => names.includes(`initrd.img-${version}`));
  return versions.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1) ?? null;
}
