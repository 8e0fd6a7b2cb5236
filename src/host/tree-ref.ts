const form = /^tree:([\da-f]{64})$/u;

/** How steps name a committed tree: "tree:" and its key. */
export const treeRef = (key: string): string => `tree:${key}`;

/** The key in such a name; null for anything else. */
export const keyOfTree = (ref: string): string | null => form.exec(ref)?.[1] ?? null;

/** All names of trees in a JSON value, each once. */
export function treeRefsIn(value: unknown): readonly string[] {
  const found = new Set<string>();
  const ahead: unknown[] = [value];
  while (ahead.length > 0) {
    const next = ahead.pop();
    if (typeof next === 'string' && form.test(next)) found.add(next);
    else if (typeof next === 'object' && next !== null) ahead.push(...Object.values(next));
  }
  return [...found].toSorted();
}
