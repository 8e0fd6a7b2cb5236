/** `machinectl import-fs` against `cp -a` of the same tree, where systemd is PID 1: on this host, or else in a booted guest. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median, medianRatio } from './alternate.ts';
import type { BenchTable } from './bench.ts';
import { machinespawn, placeOptions, removeTree, runProgram } from './program.ts';

/** SOURCE NAME PAIRS: a line with contender and milliseconds for each turn; the first pair only warms up. */
const script = String.raw`#!/bin/sh
set -eu
source=$1 name=$2 pairs=$3 copy=/var/lib/machines/.#$2-copy
trap 'machinectl remove "$name" 2>/dev/null || true; rm -rf --one-file-system -- "$copy"' EXIT
timed() {
  contender=$1; shift
  sync
  start=$(date +%s%N)
  "$@" >&2
  end=$(date +%s%N)
  if [ "$turn" -gt 0 ]; then echo "$contender $(((end - start) / 1000000))"; fi
}
import() { timed import machinectl import-fs "$source" "$name"; machinectl remove "$name" >&2; }
copy() { timed copy cp -a "$source" "$copy"; rm -rf --one-file-system -- "$copy"; }
mkdir -p -m 0700 /var/lib/machines
turn=0
while [ "$turn" -le "$pairs" ]; do
  if [ $((turn % 2)) -eq 0 ]; then copy; import; else import; copy; fi
  turn=$((turn + 1))
done
`;

/** However the script ends, the guest powers off. */
const unit = (pairs: number): string => `[Unit]
After=multi-user.target dbus.service
SuccessAction=poweroff
FailureAction=poweroff
[Service]
Type=exec
ExecStart=/bin/sh /usr/local/bin/measure /srv/bread bench ${pairs}
StandardOutput=file:/srv/times
StandardError=file:/srv/said
[Install]
WantedBy=multi-user.target
`;

/** `place` holds the machine bread, and the packages its base was made of. */
export async function importFs(place: string, pairs: number, say: (text: string) => void): Promise<BenchTable> {
  const isBooted = existsSync('/run/systemd/system');
  say(`  machinectl import-fs ${isBooted ? 'on this host' : 'in a booted guest'}`);
  const lines = await (isBooted ? onHost : inGuest)(place, pairs);
  const [imported, copied] = [timesOf('import', lines, pairs), timesOf('copy', lines, pairs)];
  say(`  import-fs ${imported.join(', ')} ms; cp -a ${copied.join(', ')} ms`);
  return {
    title: `machinectl import-fs of the same tree (${isBooted ? 'on the host' : 'in a booted guest'})`,
    heads: ['import-fs', 'cp -a', 'ratio'],
    rows: [
      {
        what: 'the whole command',
        cells: [inMs(imported), inMs(copied), medianRatio(imported, copied).toFixed(2)],
        reach: null,
        isReached: null,
      },
    ],
    notes: [
      `Medians of ${pairs} alternating pairs, each after sync(1); ${isBooted ? '' : 'both contenders run in the guest; '}import-fs writes to disk what it copied before it ends, cp -a does not.`,
      'Ours, in the first table, is measured against the same `cp -a` of the same tree on the host: the ratios compare, the times do not.',
    ],
  };
}

const inMs = (times: readonly number[]): string => `${median(times).toFixed(0)} ms`;

async function onHost(place: string, pairs: number): Promise<string> {
  const name = `machinespawn-bench-${process.pid}`;
  const argv = ['/bin/sh', '-c', script, 'measure', `${place}/machines/bread`, name, String(pairs)];
  return (await runProgram(argv)).stdout;
}

async function inGuest(place: string, pairs: number): Promise<string> {
  const guest = `${place}/machines/guest`;
  const image = ['debian-bookworm', '--variant', 'minbase', '--include', 'systemd,systemd-sysv,systemd-container,dbus'];
  await runProgram(machinespawn(...placeOptions(place), '-y', '--progress', 'none', ...image, 'guest'));
  try {
    await runProgram(['cp', '-a', `${place}/machines/bread`, join(guest, 'srv/bread')]);
    writeFileSync(join(guest, 'usr/local/bin/measure'), script);
    writeFileSync(join(guest, 'etc/systemd/system/measure.service'), unit(pairs));
    const wants = join(guest, 'etc/systemd/system/multi-user.target.wants');
    mkdirSync(wants, { recursive: true });
    symlinkSync('../measure.service', join(wants, 'measure.service'));
    const { stdout, stderr } = await runProgram([
      ...['timeout', '--kill-after=30', String(180 + 60 * pairs)],
      ...['systemd-nspawn', '--quiet', '--register=no', '--keep-unit', '--boot', '--directory', guest],
      ...['--machine', `bench-guest-${process.pid}`, '--capability=all', '--private-network', '--console=pipe'],
      ...['--resolv-conf=off', '--link-journal=no'],
    ]);
    const times = join(guest, 'srv/times');
    if (!existsSync(times)) throw new Error(`the guest measured nothing:\n${(stdout + stderr).slice(-4000)}`);
    const lines = readFileSync(times, 'utf8');
    // Once for each contender and turn; less means that the script ended early.
    if (lines.trim().split('\n').length === 2 * pairs) return lines;
    throw new Error(`the guest did not finish:\n${readFileSync(join(guest, 'srv/said'), 'utf8').slice(-4000)}`);
  } finally {
    await removeTree(guest);
  }
}

function timesOf(contender: string, lines: string, pairs: number): readonly number[] {
  const times = [...lines.matchAll(new RegExp(`^${contender} (\\d+)$`, 'gmu'))].map((match) => Number(match[1]));
  if (times.length !== pairs) throw new Error(`${times.length} of ${pairs} turns of ${contender}:\n${lines}`);
  return times;
}
