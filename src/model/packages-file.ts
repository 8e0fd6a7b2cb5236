/** Looks up one package in an archive's list of packages. */

export interface ListedPackage {
  readonly version: string;
  /** Path below the archive. */
  readonly file: string;
  /** 64 hex digits. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** The last of several versions; null when there is none, or it says too little. */
export function findListedPackage(packages: string, name: string): ListedPackage | null {
  const begin = `Package: ${name}\n`;
  const at = packages.startsWith(begin) ? packages.indexOf(begin) : packages.lastIndexOf(`\n\n${begin}`);
  if (at < 0) return null;
  const paragraph = packages.slice(at).trimStart().split('\n\n', 1)[0] ?? '';
  const field = (key: string): string | undefined => new RegExp(`^${key}: (\\S+)$`, 'mu').exec(paragraph)?.[1];
  const version = field('Version');
  const file = field('Filename');
  const sha256 = field('SHA256');
  const size = Number(field('Size'));
  if (version === undefined || file === undefined || sha256 === undefined || !Number.isSafeInteger(size)) return null;
  if (!/^[0-9a-f]{64}$/u.test(sha256) || !/^pool\/[\w./+~-]+$/u.test(file) || file.includes('..')) return null;
  return { version, file, sha256, sizeBytes: size };
}
