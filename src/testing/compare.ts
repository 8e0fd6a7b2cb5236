/** Comparing what attempts left and returned. */
import { isDeepStrictEqual, inspect } from 'node:util';
import { directories } from './world.ts';

/** Writes `<random 1>` for the first random word that an attempt drew, and so on. */
export function nameRandom<T>(value: T, random: readonly string[]): T {
  const text = JSON.stringify(value);
  if (text === undefined) return value;
  return JSON.parse(nameRandomIn(text, random)) as T;
}

function nameRandomIn(text: string, random: readonly string[]): string {
  return random.reduce((named, word, index) => named.replaceAll(word, `<random ${index + 1}>`), text);
}

/** The same for what a World lists. */
export function nameRandomPaths(listing: ReadonlyMap<string, string>, random: readonly string[]): Map<string, string> {
  return new Map([...listing].map(([path, what]) => [nameRandomIn(path, random), nameRandomIn(what, random)] as const));
}

/** Lines such as "+ /etc/x: file 644 …" for what is in one and not, or not so, in the other. */
export function differences(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return paths.flatMap((path) => {
    const [one, other] = [before.get(path), after.get(path)];
    if (one === other) return [];
    return [
      ...(one === undefined ? [] : [`- ${path}: ${one}`]),
      ...(other === undefined ? [] : [`+ ${path}: ${other}`]),
    ];
  });
}

/** Those of them that a step may not make: outside `writes`, and no newly committed tree. */
export function trespasses(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  writes: readonly string[],
): string[] {
  const allowed = writes.map(
    (pattern) => new RegExp(`^${pattern.split('*').map(escapeText).join('[^/]*')}(?:/|$)`, 'u'),
  );
  const knownTrees = new Set([...before.keys()].flatMap((path) => treeOf(path) ?? []));
  return differences(before, after).filter((line) => {
    const path = line.slice(2, line.indexOf(': '));
    const tree = treeOf(path);
    if (tree !== null) return knownTrees.has(tree);
    // A kept file is known by its content: it may come, and never change or go.
    if (path.startsWith(`${directories.artifacts}/`)) return line.startsWith('-');
    return !allowed.some((pattern) => pattern.test(path));
  });
}

export function mustEqual(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  const show = (value: unknown): string => inspect(value, { depth: 8, breakLength: 110, sorted: true });
  throw new Error(`${what}\nis        ${show(actual)}\nshould be ${show(expected)}`);
}

function treeOf(path: string): string | null {
  const prefix = `${directories.trees}/`;
  return path.startsWith(prefix) ? (path.slice(prefix.length).split('/')[0] ?? null) : null;
}

function escapeText(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`);
}
