/** What may not be trusted, by real programs: each has its own code, and nothing of it is kept. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCountingMirror, type CountingMirror, type Fault } from './support/counting-mirror.ts';
import { errorOf, machinespawn, newPlace, type Place } from './support/machinespawn.ts';
import { makeOwnKey, ownRelease } from './support/own-index.ts';

const index = '/debian/dists/bookworm/InRelease';
const dayMs = 24 * 3600 * 1000;

let mirror: CountingMirror;
beforeAll(async () => {
  mirror = await startCountingMirror();
});
afterAll(async () => {
  await mirror.close();
});

async function build(place: Place, fault: (path: string) => Fault | null, ...args: readonly string[]) {
  mirror.fault = fault;
  const { url } = mirror;
  try {
    const ended = await machinespawn(place, [
      ...['bootstrap', '--json', 'bookworm', 'bread', '--variant', 'minbase', '--mirror', url, ...args],
    ]);
    expect(existsSync(join(place.machines, 'bread'))).toBe(false);
    return { code: errorOf(ended).code, exit: ended.code, hint: errorOf(ended).hint };
  } finally {
    mirror.fault = null;
  }
}

const answering = (body: string | Buffer) => (path: string) => (path === index ? { body: Buffer.from(body) } : null);

describe('an index', () => {
  it('that nobody signed, a web page, and one by an expired key are told apart', async () => {
    const place = newPlace('trust');
    expect(await build(place, answering(ownRelease(new Date())))).toMatchObject({
      code: 'MSP_ARCHIVE_UNSIGNED',
      exit: 8,
    });
    const page = '<!DOCTYPE html>\n<html><body>Please log in</body></html>\n';
    expect(await build(place, answering(page))).toMatchObject({ code: 'MSP_ARCHIVE_HTML', exit: 7 });
    const old = makeOwnKey({ expired: true });
    const expired = answering(old.sign(ownRelease(new Date(Date.now() - dayMs))));
    expect(await build(place, expired, '--keyring', old.keyring)).toMatchObject({ code: 'MSP_KEY_EXPIRED', exit: 8 });
    // None of it is what the next index is compared with.
    const kept = existsSync(join(place.cache, 'archives')) ? readdirSync(join(place.cache, 'archives')) : [];
    expect(kept.filter((name) => name.endsWith('.index.json'))).toEqual([]);
  });

  it('that is older than the last one seen is a replay, whatever its signature says', async () => {
    const place = newPlace('replay');
    const key = makeOwnKey({ expired: false });
    const newer = key.sign(ownRelease(new Date(Date.now() - dayMs)));
    const older = key.sign(ownRelease(new Date(Date.now() - 2 * dayMs)));
    const seen = await build(place, answering(newer), '--keyring', key.keyring);
    expect(seen.code).not.toBe('MSP_ARCHIVE_REPLAYED');
    const replayed = await build(place, answering(older), '--keyring', key.keyring);
    expect(replayed).toMatchObject({ code: 'MSP_ARCHIVE_REPLAYED', exit: 8 });
    expect(replayed.hint).toContain(join(place.cache, 'archives'));
    const later = await build(place, answering(newer), '--keyring', key.keyring);
    expect(later.code).toBe(seen.code);
  });
});

describe('a list of packages', () => {
  it('that is not what the index promises is exit 8', async () => {
    const place = newPlace('list');
    const isList = (path: string): boolean => /\/binary-amd64\/(?:Packages|by-hash)/u.test(path);
    const ended = await build(place, (path) => (isList(path) ? { body: Buffer.from('no list') } : null));
    expect(ended).toMatchObject({ code: 'MSP_INDEX_CORRUPT', exit: 8 });
  });
});

describe("Ubuntu's keyring, on a host without its package", () => {
  it("comes from Debian's archive, verified, and once only", async () => {
    const place = newPlace('keyring');
    const args = ['bootstrap', '--json', 'jammy', 'bread', '--mirror', mirror.url];
    // The mirror has no such suite: what matters is what comes before.
    const first = await machinespawn(place, args);
    expect(errorOf(first).code).toBe('MSP_SUITE_NOT_FOUND');
    const kept = readdirSync(join(place.cache, 'keyrings'));
    expect(kept.filter((name) => /^[0-9a-f]{64}\.gpg$/u.test(name))).toHaveLength(1);
    const second = await machinespawn(place, [...args, '--offline']);
    expect(errorOf(second).code).toBe('MSP_OFFLINE');
    expect(errorOf(second).message).toContain('index of jammy');
  });
});
