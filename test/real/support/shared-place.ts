/** What all files of the real tier share: one temporary directory, made before the first and removed after the last. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';

/** Where the mirror keeps what it has fetched, so that no package crosses the internet twice in one run. */
const archiveVariable = 'MACHINESPAWN_TEST_ARCHIVE';
const rootVariable = 'MACHINESPAWN_TEST_ROOT';
const portVariable = 'MACHINESPAWN_TEST_PORT';

/**
 * Set by the global set-up, which also removes it. `mirrorPort`: the mirror of every file has the same address, since
 * it is part of what a base is known by.
 */
export function announceSharedRoot(path: string, mirrorPort: number): void {
  process.env[rootVariable] = path;
  process.env[portVariable] = String(mirrorPort);
}

/** Files run one after the other, so each can have it. */
export function mirrorPort(): number {
  return Number(process.env[portVariable] ?? 0);
}

/** Throws where the global set-up did not run. */
function sharedRoot(): string {
  const root = process.env[rootVariable];
  if (root === undefined) throw new TypeError(`${rootVariable} is not set: the global set-up did not run`);
  return root;
}

/** The shared package archive. A developer may keep it from one run to the next. */
export function archiveDirectory(): string {
  const path = process.env[archiveVariable] ?? join(sharedRoot(), 'archive');
  mkdirSync(path, { recursive: true });
  return path;
}

/** A cache whose bases all files may use: what one has built, the others get from there. */
export function sharedCache(): string {
  return join(sharedRoot(), 'cache');
}

/** A new directory for one test. */
export function newDirectory(label: string): string {
  return mkdtempSync(join(sharedRoot(), `${label}-`));
}
