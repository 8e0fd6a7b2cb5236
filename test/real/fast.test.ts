/**
 * The fast way on the real archive, under fire; and packages that are not as they should be. equality.test.ts shows that it
 * gives what debootstrap gives.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DebSpec } from '../support/deb-file.ts';
import { compareMachines } from './support/compare-machines.ts';
import { buildOf } from './support/crafted-packages.ts';
import { startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { killChain, parseEvent, type Moment } from './support/kill-chain.ts';
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
import { sharedCache } from './support/shared-place.ts';

let mirror: CountingMirror;
let place: Place;
beforeAll(async () => {
  mirror = await startCountingMirror();
  place = newPlace('fast', { cache: sharedCache() });
});
afterAll(async () => {
  await mirror.close();
});

const build = (suite: string, name: string, ...args: readonly string[]): readonly string[] => [
  ...['bootstrap', suite, name, '--mirror', mirror.url],
  ...args,
];

describe('the ways', () => {
  it('can be chosen, and mmdebstrap is one', async () => {
    const ended = await machinespawnOk(place, build('bookworm', 'mm', '--variant', 'minbase', '--with', 'mmdebstrap'));
    expect(ended.stderr).toMatch(/way +ok: mmdebstrap: asked for/u);
    const { stdout } = await machinespawnOk(place, ['run', 'mm', '--', 'sh', '-c', 'dpkg --audit; dpkg --verify']);
    expect(stdout).toBe('');
  });

  it('that does not fit is refused before anything is fetched', async () => {
    mirror.forget();
    const ended = await machinespawn(place, ['--json', ...build('bullseye', 'old', '--with', 'fast')]);
    expect([ended.code, errorOf(ended).code]).toEqual([2, 'MSP_WAY_UNFIT']);
    expect(mirror.served.filter(({ path }) => !path.endsWith('Release'))).toEqual([]);
  });
});

describe('a bad file', () => {
  it('is fetched again from the next mirror that was named', async () => {
    const own = newPlace('fast-fallback');
    const other = mirror.url.replace(/\/debian$/u, '/as-another/debian');
    mirror.forget();
    mirror.fault = (path) => (/^\/debian\/pool\/.*\/dash_/u.test(path) ? 'bytes' : null);
    try {
      const args = build('bookworm', 'bread', '--variant', 'minbase', '--fallback-mirror', other);
      const { stderr } = await machinespawnOk(own, args);
      expect(stderr).toMatch(/dash .* has the SHA-256 .*, and .* was promised/u);
    } finally {
      mirror.fault = null;
    }
    const elsewhere = mirror.served.filter(({ path }) => path.startsWith('/as-another/'));
    expect(elsewhere.map(({ path }) => path)).toEqual([expect.stringMatching(/\/dash_[^/]+_amd64\.deb$/u)]);
    expect(existsSync(join(own.machines, 'bread/usr/bin/dash'))).toBe(true);
  });
});

describe('a build that is killed', () => {
  const moments: readonly Moment[] = [
    { step: 'select', afterMs: 100 },
    { step: 'fetch', phase: 'downloading packages', afterMs: 150 },
    { step: 'unpack', phase: 'unpacking packages', afterMs: 0 },
    { step: 'unpack', phase: 'unpacking packages', afterMs: 400 },
    { step: 'configure', phase: 'configuring packages', afterMs: 100 },
    { step: 'configure', phase: 'configuring packages', afterMs: 900 },
    { step: 'base', afterMs: 100 },
  ];

  it('anywhere ends in the same machine, and fetches and takes apart no package again', async () => {
    const killed = newPlace('fast-killed');
    const command = build('bookworm', 'bread', '--variant', 'minbase', '--with', 'fast');
    const { kills, faults, last } = await killChain(killed, mirror, command, moments);
    expect(faults).toEqual([]);
    expect(kills.filter(({ hit }) => hit).length).toBeGreaterThan(moments.length - 2);
    expect(last.code).toBe(0);
    const calm = newPlace('fast-calm', { cache: sharedCache() });
    await machinespawnOk(calm, command);
    expect(await compareMachines(join(calm.machines, 'bread'), join(killed.machines, 'bread'))).toEqual([]);
    // Each package is kept unpacked once; nothing half done is.
    const kept = readdirSync(join(killed.cache, 'unpacked')).filter((name) => !name.includes('.new-'));
    expect(kept.length).toBe(2 * 88);
  });
});

describe('packages that are kept unpacked', () => {
  const command = () => build('bookworm', 'bread', '--variant', 'minbase', '--with', 'fast');
  const storeOf = ({ cache }: Place): string => join(cache, 'unpacked');
  /** A package that is taken apart again gets another file. */
  const filesOf = (of: Place): ReadonlyMap<string, number> =>
    new Map(
      (existsSync(storeOf(of)) ? readdirSync(storeOf(of)) : [])
        .filter((name) => name.endsWith('.json'))
        .map((name) => name.replace('.json', '.tar'))
        .map((name) => [name, statSync(join(storeOf(of), name)).ino]),
    );

  it('are taken from there by the same command after a kill', async () => {
    const killed = newPlace('fast-kept');
    const run = start(killed, ['--progress', 'json', ...command()]);
    run.onLine((line) => {
      if (parseEvent(line)?.phase === 'unpacking packages' && filesOf(killed).size > 0) run.kill('SIGKILL');
    });
    expect((await run.ended).code).toBe(128 + 9);
    const before = filesOf(killed);
    expect(before.size).toBeGreaterThan(0);
    const { stderr } = await machinespawnOk(killed, ['--verbose', ...command()]);
    const kept = /(\d+) of \d+ packages were kept unpacked/u.exec(stderr)?.[1];
    expect(Number(kept)).toBeGreaterThan(0);
    const after = filesOf(killed);
    expect([...before].filter(([name, file]) => after.get(name) !== file)).toEqual([]);
    expect(await leaksOf(killed.root)).toEqual([]);
  });

  it('serve two builds at once', async () => {
    const shared = newPlace('fast-two');
    const other = build('bookworm', 'roll', '--variant', 'minbase', '--with', 'fast', '--include', 'nano');
    const ended = await Promise.all([machinespawnOk(shared, command()), machinespawnOk(shared, other)]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    expect(readdirSync(storeOf(shared)).filter((name) => !/^[0-9a-f]{64}\.(?:json|tar)$/u.test(name))).toEqual([]);
    for (const name of ['bread', 'roll']) {
      const check = ['run', name, '--', 'sh', '-c', 'dpkg --audit; dpkg --verify'];
      expect((await machinespawnOk(shared, check)).stdout).toBe('');
    }
    expect(await leaksOf(shared.root)).toEqual([]);
  });
});

describe('a package that is not as it should be', () => {
  beforeAll(async () => {
    await machinespawnOk(place, build('bookworm', 'sound', '--variant', 'minbase'));
  });

  const buildWith = async (deb: DebSpec, ...args: readonly string[]): Promise<Ended> =>
    await buildOf(place, [{ name: 'demo', stage: 'required', deb }], args);

  it('for its script, is named with what the script said', async () => {
    const postinst = '#!/bin/sh\necho the reason why >&2\nexit 3\n';
    const ended = await buildWith({ scripts: { postinst } });
    expect([ended.code, errorOf(ended).code]).toEqual([1, 'MSP_PACKAGE_SCRIPT']);
    expect(errorOf(ended).message).toMatch(/^postinst of demo failed\n[^]*the reason why/u);
    expect(await leaksOf(place.root)).toEqual([]);
  });

  it('for a script that waits for ever, is ended and named', async () => {
    const ended = await buildWith({ scripts: { postinst: '#!/bin/sh\nsleep 1000\n' } }, '-i', 'idle=2s');
    expect([ended.code, errorOf(ended).code]).toEqual([1, 'MSP_PACKAGE_SCRIPT_HANGS']);
    expect(errorOf(ended).message).toContain('postinst of demo said nothing for 2 s');
    expect(await leaksOf(place.root)).toEqual([]);
  });

  it('for a data member that reaches out of the tree, is refused, and nothing is written', async () => {
    const outside = join(place.root, 'evil');
    const files = [{ path: `../../../../../../../..${outside}`, content: 'evil', mode: 0o644 }];
    const ended = await buildWith({ files });
    expect([ended.code, errorOf(ended).code]).toEqual([8, 'MSP_PACKAGE_HOSTILE']);
    expect(existsSync(outside)).toBe(false);
    expect(await leaksOf(place.root)).toEqual([]);
  });

  it('for writing through a link of its own, writes inside the tree', async () => {
    const outside = join(place.root, 'through');
    mkdirSync(outside);
    const files = [
      { path: './opt/', content: '', mode: 0o755, kind: 'directory' as const },
      { path: './opt/link', content: '', mode: 0o777, kind: { symlink: outside } },
      { path: './opt/link/file', content: 'evil', mode: 0o644 },
    ];
    const ended = await buildWith({ files });
    expect(readdirSync(outside)).toEqual([]);
    expect(ended.code === 0 || errorOf(ended).code === 'MSP_TOOL_FAILED').toBe(true);
  });

  it('for a disk that fills up, pauses the run, which goes on when there is space', async () => {
    const small = newPlace('fast-full');
    mkdirSync(small.cache);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1g', 'none', small.cache]);
    try {
      const filler = join(small.cache, 'filler');
      const command = build('bookworm', 'bread', '--variant', 'minbase', '--with', 'fast');
      const run = start(small, ['--json', '--progress', 'json', ...command]);
      run.onLine((line) => {
        if (parseEvent(line)?.step !== 'unpack' || existsSync(filler)) return;
        fillDisk(filler);
      });
      const ended = await run.ended;
      expect([ended.code, errorOf(ended).code]).toEqual([6, 'MSP_DISK_FULL']);
      rmSync(filler);
      mirror.forget();
      await machinespawnOk(small, ['resume']);
      expect(mirror.served.filter(({ path }) => path.endsWith('.deb'))).toEqual([]);
    } finally {
      execFileSync('umount', [small.cache]);
    }
  });
});
