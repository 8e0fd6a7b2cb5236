/** A mirror that is not there, lies or breaks off; a clock that is wrong; a disk that fills up. All of it can be mended and gone on with. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packagesServed, startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { parseEvent } from './support/kill-chain.ts';
import { fillDisk } from './support/fill-disk.ts';
import { leaksOf } from './support/leaks.ts';
import {
  errorOf,
  machinespawn,
  machinespawnOk,
  newPlace,
  start,
  type Ended,
  type Place,
} from './support/machinespawn.ts';
import { newDirectory } from './support/shared-place.ts';

const index = '/debian/dists/bookworm/InRelease';

let mirror: CountingMirror;
beforeAll(async () => {
  mirror = await startCountingMirror();
});
afterAll(async () => {
  await mirror.close();
});

const build = (...args: readonly string[]): readonly string[] => [
  ...['bootstrap', '--json', 'bookworm', 'bread', '--variant', 'minbase', '--mirror', mirror.url],
  // What the fast way makes of the same faults is shown with its own steps.
  ...['--with', 'debootstrap'],
  ...args,
];

async function buildWith(place: Place, fault: CountingMirror['fault'], ...args: readonly string[]): Promise<Ended> {
  mirror.forget();
  mirror.fault = fault;
  try {
    return await machinespawn(place, build(...args));
  } finally {
    mirror.fault = null;
  }
}

const outcome = (ended: Ended): unknown => ({ code: errorOf(ended).code, exit: ended.code });

async function runsOf(place: Place): Promise<readonly { readonly status: string; readonly resumable: boolean }[]> {
  return JSON.parse((await machinespawnOk(place, ['runs', 'ls', '--json'])).stdout) as {
    status: string;
    resumable: boolean;
  }[];
}

async function expectNothing(place: Place): Promise<void> {
  expect(readdirSync(place.machines).filter((name) => !name.startsWith('.#'))).toEqual([]);
  expect(JSON.parse((await machinespawnOk(place, ['list', '--json'])).stdout)).toEqual([]);
  expect(await leaksOf(place.root)).toEqual([]);
}

describe('an index', () => {
  it('that cannot be reached is exit 7', async () => {
    const place = newPlace('unreachable');
    const ended = await machinespawn(place, [
      'bootstrap',
      '--json',
      'bookworm',
      'bread',
      '--mirror',
      'http://127.0.0.1:1/debian',
    ]);
    expect(outcome(ended)).toEqual({ code: 'MSP_NETWORK', exit: 7 });
    await expectNothing(place);
  });

  it('that is not there is exit 7', async () => {
    const place = newPlace('absent');
    const ended = await buildWith(place, (path) =>
      path.startsWith('/debian/dists/bookworm/') ? { status: 404 } : null,
    );
    expect(outcome(ended)).toEqual({ code: 'MSP_SUITE_NOT_FOUND', exit: 7 });
    expect(packagesServed(mirror)).toEqual([]);
    await expectNothing(place);
  });

  it('that was changed after it was signed is exit 8', async () => {
    const genuine = await (await fetch(`${mirror.url}/dists/bookworm/InRelease`)).text();
    const body = Buffer.from(genuine.replace(/^Description: /mu, 'Description: not '));
    const place = newPlace('tampered');
    const ended = await buildWith(place, (path) => (path === index ? { body } : null));
    expect(outcome(ended)).toEqual({ code: 'MSP_SIGNATURE_BAD', exit: 8 });
    expect(packagesServed(mirror)).toEqual([]);
    await expectNothing(place);
  });

  it('that is signed by a stranger is exit 8, and one from the future says that the clock is wrong', async () => {
    const { keyring, body } = signTomorrow();
    const place = newPlace('clock');
    const stranger = await buildWith(place, (path) => (path === index ? { body } : null));
    expect(outcome(stranger)).toEqual({ code: 'MSP_SIGNATURE_UNKNOWN', exit: 8 });
    const early = await buildWith(place, (path) => (path === index ? { body } : null), '--keyring', keyring);
    expect(outcome(early)).toEqual({ code: 'MSP_CLOCK_WRONG', exit: 6 });
    expect(errorOf(early).hint).toContain('timedatectl');
    expect(packagesServed(mirror)).toEqual([]);
    await expectNothing(place);
  });
});

describe('packages', () => {
  it('that are absent or false are not kept, one that was cut off is begun again, and the run goes on when the mirror is right', async () => {
    const place = newPlace('packages');
    const isVictim = (path: string): boolean => /\/pool\/.*\/tar_[^/]*\.deb$/u.test(path);
    const kept = (): readonly string[] =>
      readdirSync(join(place.cache, 'packages/debian')).filter((name) => name.endsWith('.deb'));

    const absent = await buildWith(place, (path) => (isVictim(path) ? { status: 404 } : null));
    expect(outcome(absent)).toEqual({ code: 'MSP_DEBOOTSTRAP_NETWORK', exit: 7 });
    expect(kept().length).toBeGreaterThan(80);
    await expectNothing(place);

    const wrong = await buildWith(place, (path) => (isVictim(path) ? 'bytes' : null));
    expect(outcome(wrong)).toEqual({ code: 'MSP_PACKAGE_CORRUPT', exit: 8 });
    expect(kept().filter((name) => name.startsWith('tar_'))).toEqual([]);
    expect(packagesServed(mirror).every(({ path }) => isVictim(path))).toBe(true);
    await expectNothing(place);

    // Once only: wget itself begins such a file again, twenty times and for minutes.
    let cuts = 0;
    mirror.fault = (path) => (isVictim(path) && cuts++ === 0 ? 'cut' : null);
    mirror.forget();
    await machinespawnOk(place, ['resume']).finally(() => (mirror.fault = null));
    expect(cuts).toBeGreaterThan(1);
    expect(packagesServed(mirror).filter(({ path }) => !isVictim(path))).toEqual([]);
    expect(existsSync(join(place.machines, 'bread/usr/bin/tar'))).toBe(true);
  });

  it('that the archive does not have are exit 7, and none is fetched', async () => {
    const place = newPlace('unknown');
    const ended = await buildWith(place, null, '--include', 'no-such-package-at-all');
    expect(outcome(ended)).toEqual({ code: 'MSP_PACKAGE_UNKNOWN', exit: 7 });
    expect(errorOf(ended).message).toContain('no-such-package-at-all');
    expect(packagesServed(mirror)).toEqual([]);
    await expectNothing(place);
  });
});

describe('a disk that fills up', () => {
  it('pauses the run, which goes on after space was made', async () => {
    const place = newPlace('full');
    mkdirSync(place.cache);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1g', 'none', place.cache]);
    try {
      const filler = join(place.cache, 'filler');
      const run = start(place, ['--progress', 'json', ...build()]);
      run.onLine((line) => {
        const event = parseEvent(line);
        if (event?.step !== 'first-stage' || event.phase !== 'extracting packages' || existsSync(filler)) return;
        // Room for a part of what comes.
        fillDisk(filler);
      });
      const ended = await run.ended;
      expect(outcome(ended)).toEqual({ code: 'MSP_DISK_FULL', exit: 6 });
      expect(await runsOf(place)).toMatchObject([{ status: 'paused', resumable: true }]);
      expect(JSON.parse((await machinespawnOk(place, ['list', '--json'])).stdout)).toEqual([]);
      rmSync(filler);
      mirror.forget();
      await machinespawnOk(place, ['resume']);
      expect(packagesServed(mirror)).toEqual([]);
      expect(readFileSync(join(place.machines, 'bread/etc/hostname'), 'utf8')).toBe('bread\n');
    } finally {
      execFileSync('umount', [place.cache]);
    }
  });
});

/** An index of a day that is still to come, with a good signature of a key of our own. */
function signTomorrow(): { readonly keyring: string; readonly body: Buffer } {
  const directory = newDirectory('key');
  const keyring = join(directory, 'own.gpg');
  const gpg = (...args: readonly string[]): void =>
    void execFileSync('gpg', ['--homedir', directory, '--batch', '--quiet', ...args], { stdio: 'ignore' });
  gpg('--passphrase', '', '--quick-gen-key', 'test@localhost', 'rsa2048', 'sign', 'never');
  gpg('--output', keyring, '--export');
  const date = new Date(Date.now() + 3 * 24 * 3600 * 1000).toUTCString().replace('GMT', 'UTC');
  const plain = join(directory, 'Release');
  writeFileSync(
    plain,
    [
      ...['Origin: Debian', 'Label: Debian', 'Suite: oldstable', 'Codename: bookworm', `Date: ${date}`],
      ...['Architectures: all amd64 arm64 armhf i386', 'Components: main', 'SHA256:'],
      ` ${'0'.repeat(64)} 0 main/binary-amd64/Packages`,
      '',
    ].join('\n'),
  );
  gpg('--digest-algo', 'SHA512', '--output', `${plain}.signed`, '--clearsign', plain);
  // The key's agent would outlive the test.
  execFileSync('gpgconf', ['--homedir', directory, '--kill', 'all']);
  return { keyring, body: readFileSync(`${plain}.signed`) };
}
