/** Signals, two processes with the same build, and state that was damaged: what is said, what is left, how it goes on. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packagesServed, startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { descendantsOf, leaksOf } from './support/leaks.ts';
import { machinespawn, machinespawnOk, newPlace, start, type Ended, type Place } from './support/machinespawn.ts';
import { sharedCache } from './support/shared-place.ts';

let mirror: CountingMirror;
/** With a cache that no other file uses: what is in it is damaged in the end. */
let twins: Place;
beforeAll(async () => {
  mirror = await startCountingMirror();
  twins = newPlace('twins');
});
afterAll(async () => {
  await mirror.close();
});

const build = (name = 'bread', way = 'debootstrap'): readonly string[] => [
  'bootstrap',
  'bookworm',
  name,
  '--variant',
  'minbase',
  '--with',
  way,
  '--mirror',
  mirror.url,
];

interface Stopped {
  readonly ended: Ended;
  readonly family: ReadonlyMap<number, string>;
}

/** Sends the signals, one after the other, when the first line that fits comes. */
async function signalAt(
  place: Place,
  line: RegExp,
  signals: readonly NodeJS.Signals[],
  command = build(),
): Promise<Stopped> {
  const run = start(place, command);
  let family: ReadonlyMap<number, string> = new Map();
  run.onLine((said) => {
    if (family.size > 0 || !line.test(said)) return;
    family = descendantsOf(run.pid);
    signals.forEach((signal, at) => setTimeout(() => run.kill(signal), 300 * (at + 1)));
  });
  return { ended: await run.ended, family };
}

async function onlyRun(
  place: Place,
): Promise<{ readonly id: string; readonly status: string; readonly resumable: boolean }> {
  const runs = JSON.parse((await machinespawnOk(place, ['runs', 'ls', '--json'])).stdout) as {
    id: string;
    status: string;
    resumable: boolean;
  }[];
  expect(runs.length).toBe(1);
  return runs[0] ?? { id: '', status: '', resumable: false };
}

describe('a signal', () => {
  it('once saves what there is, twice kills at once, and the run goes on each time', async () => {
    const place = newPlace('signals');

    const once = await signalAt(place, /extracting packages/u, ['SIGINT']);
    expect(once.ended.code).toBe(130);
    expect(once.ended.stderr).toMatch(
      /Interrupted\. \d+ of \d+ steps are saved\.\n {2}Resume: {2}sudo machinespawn resume \S+/u,
    );
    expect(await leaksOf(place.root, once.family)).toEqual([]);
    expect(await onlyRun(place)).toMatchObject({ status: 'interrupted', resumable: true });

    const twice = await signalAt(place, /unpacking required packages/u, ['SIGINT', 'SIGINT']);
    expect(twice.ended.code).toBe(130);
    expect(await leaksOf(place.root, twice.family)).toEqual([]);

    const ended = await signalAt(place, /unpacking required packages/u, ['SIGTERM']);
    expect(ended.ended.code).toBe(143);
    expect(await leaksOf(place.root, ended.family)).toEqual([]);
    expect(readdirSync(place.machines)).toEqual([]);

    const { stderr } = await machinespawnOk(place, ['resume']);
    expect(stderr).toMatch(/^resuming /mu);
    expect(await onlyRun(place)).toMatchObject({ status: 'succeeded', resumable: false });
    expect(readdirSync(place.machines)).toEqual(['bread']);
  });
});

describe('the same build in two processes', () => {
  it('is done once: the second waits, says for whom, and takes the result', async () => {
    const place = twins;
    mirror.forget();
    const first = start(place, build('one'));
    await new Promise<void>((resolve) =>
      first.onLine((line) => void (line.includes('choosing packages') && resolve())),
    );
    const second = await machinespawnOk(place, build('two'));
    expect((await first.ended).code).toBe(0);
    expect(second.stderr).toMatch(new RegExp(`first-stage +wait.*process ${first.pid}`, 'u'));
    expect(second.stderr).toMatch(/first-stage +ok: from cache/u);
    const paths = packagesServed(mirror).map(({ path }) => path);
    expect(paths.length).toBeGreaterThan(80);
    expect(new Set(paths).size).toBe(paths.length);
    expect(readdirSync(place.machines).toSorted()).toEqual(['one', 'two']);
  });
});

describe('damage', () => {
  it('of a journal is named, and --fresh starts over', async () => {
    const place = newPlace('journal', { cache: sharedCache() });
    const command = build('bread', 'fast');
    const stopped = await signalAt(place, /archive +ok|select +start|materialize +start/u, ['SIGKILL'], command);
    expect(stopped.ended.code).toBe(137);
    const { id } = await onlyRun(place);
    const journal = join(place.state, 'runs', id, 'journal');
    const lines = readFileSync(journal, 'utf8').split('\n');
    writeFileSync(journal, lines.map((line, at) => (at === 1 ? line.replace(/[a-z]/u, 'X') : line)).join('\n'));
    const before = readFileSync(journal);

    const again = await machinespawn(place, ['--json', ...command]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('"MSP_JOURNAL_CORRUPT"')]);
    expect((await machinespawn(place, ['runs', 'show', id])).code).toBe(0);
    expect(readFileSync(journal)).toEqual(before);

    await machinespawnOk(place, [...command, '--fresh']);
    expect(readFileSync(journal)).toEqual(before);
    expect(readdirSync(place.machines)).toEqual(['bread']);
  });

  it('of snapshots is noticed, said in a line for each, and they are made again', async () => {
    const place = twins;
    await machinespawnOk(place, build('before', 'fast'));
    // Of every layer that has one.
    const trees = execFileSync(
      'find',
      [join(place.cache, 'snapshots'), '-path', '*/var/lib/dpkg/status', '-type', 'f'],
      {
        encoding: 'utf8',
      },
    );
    const [victim] = trees.trim().split('\n');
    expect(victim).toMatch(/status$/u);
    for (const path of trees.trim().split('\n')) rmSync(path);

    const { stderr } = await machinespawnOk(place, build('after', 'fast'));
    const said = [
      ...stderr.matchAll(/(\S+) +warning: the tree [0-9a-f]{12} that it made has changed: it is done again$/gmu),
    ];
    expect(said.map(([, step]) => step)).toContain('base');
    expect(existsSync(join(place.machines, 'after/etc/apt'))).toBe(true);
    expect(existsSync(join(place.machines, 'after/var/lib/dpkg/status'))).toBe(true);
    expect(await leaksOf(place.root)).toEqual([]);
  });
});
