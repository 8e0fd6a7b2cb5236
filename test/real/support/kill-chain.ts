/** Kills machinespawn at chosen moments of a build, each time starting the same command again, and looks at what is left. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packagesServed, type CountingMirror } from './counting-mirror.ts';
import { descendantsOf, leaksOf } from './leaks.ts';
import { machinespawnOk, start, type Ended, type Place } from './machinespawn.ts';

/** In a step, from its start or from the first sign of a phase on. A step that ends earlier is the moment, too. */
export interface Moment {
  readonly step: string;
  readonly phase?: string;
  readonly afterMs: number;
}

export interface ChainResult {
  /** For each moment, what it hit. */
  readonly kills: readonly { readonly moment: Moment; readonly hit: boolean; readonly events: number }[];
  /** Everything that should not have been: leaks, machines in the list, packages fetched again. */
  readonly faults: readonly string[];
  readonly last: Ended;
}

export interface ChainEvent {
  readonly type: string;
  readonly step?: string | null;
  readonly phase?: string | null;
  readonly ts: string;
}

export async function killChain(
  place: Place,
  mirror: CountingMirror,
  command: readonly string[],
  moments: readonly Moment[],
): Promise<ChainResult> {
  const faults: string[] = [];
  const kills: ChainResult['kills'][number][] = [];
  const kept = new Set<string>();
  mirror.forget();
  for (const moment of moments) {
    const before = packagesServed(mirror).length;
    const { hit, events } = await runAndKill(place, command, moment, async (family) => {
      const label = `after the kill in ${moment.step}${moment.phase === undefined ? '' : `, ${moment.phase}`}`;
      for (const leak of await leaksOf(place.root, family)) faults.push(`${label}: ${leak}`);
      const machines = JSON.parse((await machinespawnOk(place, ['list', '--json'])).stdout) as unknown[];
      if (machines.length > 0) faults.push(`${label}: there is a machine in the list`);
    });
    kills.push({ moment, hit, events });
    faults.push(...fetchedAgain(mirror, before, kept));
    for (const name of keptPackages(place)) kept.add(name);
  }
  const before = packagesServed(mirror).length;
  const last = await machinespawnOk(place, command);
  faults.push(...fetchedAgain(mirror, before, kept));
  for (const leak of await leaksOf(place.root)) faults.push(`at the end: ${leak}`);
  const staging = readdirSync(place.machines).filter((name) => name.startsWith('.#'));
  if (staging.length > 0) faults.push(`at the end: ${staging.join(', ')} beside the machines`);
  return { kills, faults, last };
}

/** Packages that were whole on the disk when the process died must not be asked for again. */
function fetchedAgain(mirror: CountingMirror, from: number, kept: ReadonlySet<string>): readonly string[] {
  return packagesServed(mirror)
    .slice(from)
    .map(({ path }) => path.slice(path.lastIndexOf('/') + 1))
    .filter((name) => kept.has(name))
    .map((name) => `${name} was fetched twice`);
}

/** Names in the package cache, as the archive spells them: debootstrap writes the epoch's colon as %3a. */
function keptPackages({ cache }: Place): readonly string[] {
  const directory = join(cache, 'packages', 'debian');
  // Not there before the first download.
  return (existsSync(directory) ? readdirSync(directory, { withFileTypes: true }) : [])
    .filter((entry) => entry.isFile() && entry.name.endsWith('.deb'))
    .map(({ name }) => withoutEpoch(decodeURIComponent(name)));
}

/** bash_1%3a2-3_amd64.deb is bash_2-3_amd64.deb in the pool. */
function withoutEpoch(name: string): string {
  return name.replace(/_\d+:/u, '_');
}

async function runAndKill(
  place: Place,
  command: readonly string[],
  moment: Moment,
  afterwards: (family: ReadonlyMap<number, string>) => Promise<void>,
): Promise<{ readonly hit: boolean; readonly events: number }> {
  const run = start(place, ['--progress', 'json', ...command]);
  let family: ReadonlyMap<number, string> = new Map();
  let events = 0;
  let timer: NodeJS.Timeout | null = null;
  const kill = (): void => {
    clearTimeout(timer ?? undefined);
    if (family.size > 0) return;
    family = descendantsOf(run.pid);
    run.kill('SIGKILL');
  };
  run.onLine((line) => {
    const event = parseEvent(line);
    if (event === null) return;
    events += 1;
    if (event.step !== moment.step) return;
    if (event.type === 'step.succeeded') kill();
    if (timer === null && begins(event, moment)) timer = setTimeout(kill, moment.afterMs);
  });
  const { code } = await run.ended;
  clearTimeout(timer ?? undefined);
  await afterwards(family);
  return { hit: code === 128 + 9, events };
}

function begins(event: ChainEvent, { phase }: Moment): boolean {
  if (phase === undefined) return event.type === 'step.started';
  return event.type === 'step.progress' && event.phase === phase;
}

/** Null for a line that is none. */
export function parseEvent(line: string): ChainEvent | null {
  return line.startsWith('{"v":') ? (JSON.parse(line) as ChainEvent) : null;
}
