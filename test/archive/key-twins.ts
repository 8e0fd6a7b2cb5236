/**
 * For each key that signs a public archive a twin of our own, with the same date of expiry, and the keyrings of the host with the
 * twins in them. No test can sign with the real keys; everything else stays as it is in the product.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Release, SigningKey } from '../../src/model/release.ts';
import { releaseTable as releases } from '../../src/model/release-table.ts';
import { TestKeys, type TestKey } from './test-keys.ts';

const keysOf = ({ signingKeys }: Release): readonly SigningKey[] => [...signingKeys.main, ...signingKeys.security];

export interface KeyTwins {
  readonly keys: TestKeys;
  /** Fingerprint of a real key -> its twin. */
  readonly twins: ReadonlyMap<string, TestKey>;
  /** To be bound over /usr/share/keyrings. */
  readonly keyrings: string;
  of(keys: readonly SigningKey[]): readonly TestKey[];
  close(): void;
}

/** @param directory an existing one of the test. */
export function makeKeyTwins(directory: string): KeyTwins {
  const real = new Map(releases.flatMap(keysOf).map((key) => [key.fingerprint, key]));
  const keys = TestKeys.make(
    directory,
    [...real.values()].map(({ owner, expires }) => ({ label: `Twin of ${owner}`, expires })),
  );
  const twins = new Map([...real.keys()].map((fingerprint, index) => [fingerprint, twinAt(keys, index)]));
  const of = (wanted: readonly SigningKey[]) =>
    wanted.map(({ fingerprint, owner }) => {
      const twin = twins.get(fingerprint);
      if (twin === undefined) throw new TypeError(`there is no twin of ${owner}`);
      return twin;
    });
  return { keys, twins, of, keyrings: writeKeyrings(join(directory, 'keyrings'), keys, of), close: () => keys.close() };
}

function twinAt(keys: TestKeys, index: number): TestKey {
  const twin = keys.keys[index];
  if (twin === undefined) throw new TypeError(`gpg made no key number ${index}`);
  return twin;
}

/** Under the names that the releases give, each with the keys of the releases that it is for. */
function writeKeyrings(directory: string, keys: TestKeys, of: KeyTwins['of']): string {
  mkdirSync(directory);
  const rings = new Map<string, SigningKey[]>();
  for (const release of releases) {
    const [path = ''] = release.keyring.paths;
    rings.set(path, [...(rings.get(path) ?? []), ...keysOf(release)]);
  }
  const places = new Set([...rings.keys()].map((path) => dirname(path)));
  if (places.size !== 1) throw new TypeError(`keyrings are in several directories: ${[...places].join(', ')}`);
  for (const [path, held] of rings)
    writeFileSync(join(directory, basename(path)), keys.keyring(of([...new Set(held)])));
  return directory;
}
