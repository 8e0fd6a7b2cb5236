/** Paths that dpkg does not unpack as a package has them: diverted ones, and those whose owner and mode somebody has set. */
import { mergedPath } from './merged-usr.ts';

/** dpkg's own files, as they are. */
export interface SpecialFiles {
  /** Of three lines each: the contested name, the other name, and the package that diverts, or ":". */
  readonly diversions: string;
  /** Lines such as "root root 4755 /usr/bin/x". */
  readonly overrides: string;
}

/** Tells whether a package has such a path; `paths` as a data member has them, directories with a slash at their end. */
export function specialPaths({
  diversions,
  overrides,
}: SpecialFiles): (name: string, paths: readonly string[]) => boolean {
  /** Whose package may have it all the same; null: nobody's. */
  const special = new Map<string, string | null>();
  const lines = diversions.split('\n');
  for (let at = 0; at + 2 < lines.length; at += 3) {
    // Whoever has the other name as a file of its own is a matter for dpkg, too.
    for (const path of lines.slice(at, at + 2))
      special.set(mergedPath(path), (lines[at + 2] ?? '').replace(/:.*/u, ''));
  }
  for (const line of overrides.split('\n')) {
    const [, path] = /^\S+ \S+ \S+ (\/.*)$/u.exec(line) ?? [];
    if (path !== undefined) special.set(mergedPath(path), null);
  }
  if (special.size === 0) return () => false;
  return (name, paths) =>
    paths.some((path) => {
      const owner = special.get(mergedPath(path.replace(/\/\.?$/u, '')));
      return owner !== undefined && owner !== name;
    });
}
