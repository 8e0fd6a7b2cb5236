/**
 * SIGKILL in the middle of every stage of a real build, each followed by the same command: the machine at the end is the
 * one of an uninterrupted build. `npm run torture` does the same at many more moments.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareMachines } from './support/compare-machines.ts';
import { startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { killChain, type Moment } from './support/kill-chain.ts';
import { machinespawnOk, newPlace } from './support/machinespawn.ts';
import { sharedCache } from './support/shared-place.ts';

let mirror: CountingMirror;
beforeAll(async () => {
  mirror = await startCountingMirror();
});
afterAll(async () => {
  await mirror.close();
});

// A step that is cut off three times in a row counts as failed, so that one that is killed for its greed does not loop.
const everyStage: readonly Moment[] = [
  { step: 'host', afterMs: 0 },
  { step: 'first-stage', phase: 'downloading package lists', afterMs: 200 },
  { step: 'first-stage', phase: 'downloading packages', afterMs: 1000 },
  { step: 'second-stage', phase: 'unpacking required packages', afterMs: 2000 },
  { step: 'base', afterMs: 200 },
  { step: 'materialize', afterMs: 150 },
  { step: 'register', afterMs: 0 },
];

async function buildUnderFire(arch: string, moments: readonly Moment[], way = 'debootstrap'): Promise<void> {
  const image = ['bootstrap', 'bookworm', 'bread', arch, '--variant', 'minbase'];
  const command = [...image, '--mirror', mirror.url, '--with', way];
  const calm = newPlace('calm', { cache: sharedCache() });
  await machinespawnOk(calm, command);
  const place = newPlace('killed');
  const { kills, faults } = await killChain(place, mirror, command, moments);
  expect(faults).toEqual([]);
  expect(kills.map(({ moment, hit }) => ({ moment, hit }))).toEqual(moments.map((moment) => ({ moment, hit: true })));
  expect(await compareMachines(join(calm.machines, 'bread'), join(place.machines, 'bread'))).toEqual([]);
}

describe('a build that is killed', () => {
  it('in every stage, one after the other, ends in the same machine', async () => {
    await buildUnderFire('amd64', everyStage);
  });

  it('while a package is on its way fetches no whole one again', async () => {
    mirror.bytesPerSecond = 4_000_000;
    try {
      await buildUnderFire('amd64', [{ step: 'first-stage', phase: 'downloading packages', afterMs: 3000 }]);
    } finally {
      mirror.bytesPerSecond = null;
    }
  });

  it('while packages are configured, configures them in an untouched tree', async () => {
    await buildUnderFire('amd64', [{ step: 'second-stage', phase: 'configuring required packages', afterMs: 700 }]);
  });

  it('under emulation ends in the same machine', async () => {
    const moments = [
      { step: 'unpack', phase: 'unpacking packages', afterMs: 300 },
      { step: 'configure', phase: 'configuring packages', afterMs: 3000 },
    ];
    await buildUnderFire('arm64', moments, 'fast');
  });
});
