/** Names with * and ?, as a shell has them. */

/** True too when there is no pattern. */
export function matchesAny(name: string, patterns: readonly string[] | undefined): boolean {
  return patterns === undefined || patterns.length === 0 || patterns.some((pattern) => expression(pattern).test(name));
}

export function isPattern(text: string): boolean {
  return /[*?]/u.test(text);
}

function expression(pattern: string): RegExp {
  const escaped = pattern
    .replaceAll(/[\\^$.|+()[\]{}]/gu, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 'u');
}
