/** Trees for the tests of steps that change them. */
import { createHash } from 'node:crypto';
import { fakeDirectories, type World } from '../../../src/testing.ts';

/** The tree that the step has made. */
export const made = (world: World): string => world.committed.at(-1) ?? '';

/** Text of a file in it. */
export const textIn = (world: World, path: string): string | null =>
  world.read(`${fakeDirectories.trees}/${made(world)}${path}`);

export const isIn = (world: World, path: string): boolean =>
  world.has(`${fakeDirectories.trees}/${made(world)}${path}`);

/** A file that is kept already. */
export function kept(world: World, name: string, text: string) {
  const sha256 = createHash('sha256').update(text).digest('hex');
  world.put({ [`${fakeDirectories.artifacts}/${sha256}`]: text });
  return artifactOf(name, text);
}

/** What a step says of a file with this text. */
export function artifactOf(name: string, text: string) {
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { artifact: `artifact:${sha256}`, name, sizeBytes: Buffer.byteLength(text), sha256 };
}
