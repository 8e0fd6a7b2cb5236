/** Triggers on paths (deb-triggers(5)): whoever unpacks a file without dpkg has to activate them. */

/**
 * The paths in which packages are interested, by dpkg's triggers/File: lines such as "/usr/share/man man-db/noawait".
 * @param isReady is the package of this name configured? dpkg activates nothing for others.
 */
export function pathInterests(file: string, isReady: (name: string) => boolean): readonly string[] {
  const paths = file.split('\n').flatMap((line) => {
    const [, path, name] = /^(\/\S*) ([^\s/:]+)/u.exec(line) ?? [];
    return path !== undefined && name !== undefined && isReady(name) ? [path] : [];
  });
  return [...new Set(paths)];
}

/** Those that a file among `paths` activates: its own name, or that of a directory above it. A merged /usr is not resolved, as in dpkg. */
export function activatedPaths(
  interests: readonly string[],
  packages: readonly { readonly paths: readonly string[] }[],
): readonly string[] {
  return interests.filter((interest) =>
    packages.some(({ paths }) => paths.some((path) => path === interest || path.startsWith(`${interest}/`))),
  );
}
