/**
 * Native programs that stand in for emulated ones while a foreign machine is configured: what they may not touch, and what
 * becomes of it where they cannot be had. equality.test.ts shows what they may.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { debFile } from '../support/deb-file.ts';
import { startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { machinespawnOk, newPlace } from './support/machinespawn.ts';
import { makeOwnKey } from './support/own-index.ts';
import { sharedCache } from './support/shared-place.ts';

let mirror: CountingMirror;
beforeAll(async () => {
  mirror = await startCountingMirror();
});
afterAll(async () => {
  await mirror.close();
});

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Asks for the architecture in every way that a script has, and moves a program away that a native one may stand in for. */
const preinst = `#!/bin/sh
set -e
dpkg-divert --package demo --add --rename --divert /usr/bin/tsort.real /usr/bin/tsort
uname -m > /demo.log
arch >> /demo.log
perl -e 'use POSIX; use Config; print +(POSIX::uname())[4], "\\n", $Config{archname}, "\\n"' >> /demo.log
`;

/** bookworm with a package more for arm64; gives options for `bootstrap`. */
async function archiveWithDemo(): Promise<readonly string[]> {
  const root = '/as-foreign/debian';
  const control = 'Package: demo\nVersion: 1\nArchitecture: all\nMaintainer: A <a@b>\nDescription: demo\n';
  const deb = debFile({ control, scripts: { preinst } });
  const place = `Filename: pool/demo.deb\nSize: ${deb.length}\nSHA256: ${sha256(deb)}\n`;
  const real = await mirror.keep('/debian/dists/bookworm/main/binary-arm64/Packages.xz');
  const list = execFileSync('xz', ['-dc', real], { maxBuffer: 2 ** 28 });
  const packed = gzipSync(Buffer.concat([list, Buffer.from(`\n${control}Priority: optional\n${place}`)]), { level: 1 });
  const signed = readFileSync(await mirror.keep('/debian/dists/bookworm/InRelease'), 'utf8');
  const release = signed
    .slice(signed.indexOf('\n\n') + 2, signed.indexOf('-----BEGIN PGP SIGNATURE'))
    .replaceAll(/^ [0-9a-f]+ +\d+ main\/binary-arm64\/Packages.*\n/gmu, '')
    .replace(/^Acquire-By-Hash: yes$/mu, 'Acquire-By-Hash: no')
    .replace(/^SHA256:$/mu, `$&\n ${sha256(packed)} ${packed.length} main/binary-arm64/Packages.gz`);
  const key = makeOwnKey({ expired: false });
  mirror.own.set(`${root}/dists/bookworm/InRelease`, key.sign(release));
  mirror.own.set(`${root}/dists/bookworm/main/binary-arm64/Packages.gz`, packed);
  mirror.own.set(`${root}/pool/demo.deb`, deb);
  return ['--mirror', mirror.url.replace(/\/debian$/u, root), '--keyring', key.keyring, '--suites', 'none'];
}

it('scripts of other packages than were compared see the machine as it is', async () => {
  const place = newPlace('foreign', { cache: sharedCache() });
  const archive = await archiveWithDemo();
  const asked = ['bootstrap', 'bookworm', 'pi', 'arm64', '--variant', 'minbase', '--include', 'demo', ...archive];
  const { stderr } = await machinespawnOk(place, asked);
  expect(stderr).toMatch(/way +ok: fast: .*, with native programs in place of emulated ones, but for what --include/u);
  const tree = join(place.machines, 'pi');
  const seen = readFileSync(join(tree, 'demo.log'), 'utf8').split('\n');
  expect(seen).toEqual(['aarch64', 'aarch64', 'aarch64', expect.stringMatching(/^aarch64-linux-gnu/u), '']);
  expect(existsSync(join(tree, 'usr/bin/tsort.real'))).toBe(true);
  expect(existsSync(join(tree, 'usr/lib/x86_64-linux-gnu'))).toBe(false);
});

it('an archive that has none of them is no hindrance', async () => {
  const place = newPlace('foreign-alone');
  mirror.fault = (path) => (path.includes('/binary-amd64/') ? { status: 404 } : null);
  try {
    // As far as they would be unpacked; from there on, all is as without them.
    const asked = ['-i', 'image=bookworm/arm64', '-i', `mirror=${mirror.url}`, '-i', 'suites=none', '--only', 'twin'];
    const { stderr } = await machinespawnOk(place, ['-y', 'pipeline', 'run', 'base', ...asked]);
    expect(stderr).toMatch(/done without: .*binary-amd64.* is in the signed index, and the mirror does not have it/u);
    expect(stderr).toMatch(/twin-select +ok: none/u);
  } finally {
    mirror.fault = null;
  }
});
