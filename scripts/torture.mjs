// `npm run torture`: kills real builds at many moments spread over their whole length, each time starting the same
// command again, and compares the machine at the end with that of an uninterrupted build. Prints a section in Markdown
// for bench/RESULTS.md on stdout, everything else on stderr. Long: about half an hour. `npm run torture -- 6 2` does fewer;
// `--with debootstrap` does that way in place of the usual one, `--with fast,debootstrap` one after the other.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compareMachines } from '../test/real/support/compare-machines.ts';
import { startCountingMirror } from '../test/real/support/counting-mirror.ts';
import { killChain, parseEvent } from '../test/real/support/kill-chain.ts';
import { newPlace, start } from '../test/real/support/machinespawn.ts';
import { announceSharedRoot } from '../test/real/support/shared-place.ts';

// So many kills in one build, so that what a killed attempt leaves meets the next kill.
const CHAIN = 3;

const { values, positionals } = parseArgs({
  options: { with: { type: 'string', default: 'auto' } },
  allowPositionals: true,
});
const [amd64 = '30', arm64 = '5'] = positionals;
const say = (text) => process.stderr.write(`${text}\n`);

/** The build without a disturbance: its machine, and when each step began. */
async function calmBuild(mirror, command) {
  const place = newPlace('calm');
  const run = start(place, ['--progress', 'json', ...command]);
  const steps = [];
  let end = 0;
  let way = null;
  run.onLine((line) => {
    const event = parseEvent(line);
    if (event === null) return;
    end = Date.parse(event.ts);
    if (event.type === 'step.started') steps.push({ step: event.step, at: end });
    if (event.type === 'step.succeeded' && event.step === 'way') way = event.outputs.way;
  });
  const { code, stderr } = await run.ended;
  if (code !== 0) throw new Error(`the uninterrupted build failed:\n${stderr}`);
  return { place, steps, way, from: steps[0].at, durationMs: end - steps[0].at };
}

/** Moments spread evenly over the time of the uninterrupted build, as places in a step. */
function spread(calm, count) {
  return Array.from({ length: count }, (_, index) => {
    const at = calm.from + (calm.durationMs * (index + 0.5)) / count;
    const { step, at: begun } = calm.steps.findLast((one) => one.at <= at);
    return { step, afterMs: Math.round(at - begun) };
  });
}

/** Chains of moments that are far from each other, in the order of the build. */
function chains(moments) {
  const builds = Math.ceil(moments.length / CHAIN);
  return Array.from({ length: builds }, (_, first) => moments.filter((_moment, index) => index % builds === first));
}

async function torture(mirror, { arch, count, asked }) {
  const base = ['bootstrap', 'bookworm', 'bread', arch, '--variant', 'minbase', '--mirror', mirror.url];
  const command = [...base, '--with', asked];
  const calm = await calmBuild(mirror, command);
  const { way } = calm;
  say(`${arch} ${way}: uninterrupted in ${(calm.durationMs / 1000).toFixed(1)} s`);
  const hits = new Map();
  const faults = [];
  let missed = 0;
  let builds = 0;
  for (const chain of chains(spread(calm, count))) {
    const place = newPlace('killed');
    const result = await killChain(place, mirror, command, chain);
    for (const { moment, hit } of result.kills) {
      if (hit) hits.set(moment.step, (hits.get(moment.step) ?? 0) + 1);
      else missed += 1;
    }
    const differences = await compareMachines(join(calm.place.machines, 'bread'), join(place.machines, 'bread'));
    faults.push(...result.faults, ...differences.map((line) => `the machine differs: ${line}`));
    builds += 1;
    say(
      `${arch} ${way}: build ${builds}, killed in ${chain.map(({ step, afterMs }) => `${step}+${afterMs} ms`).join(', ')}; ${faults.length} faults so far`,
    );
    rmSync(place.root, { recursive: true, force: true });
  }
  rmSync(calm.place.root, { recursive: true, force: true });
  const killed = [...hits.values()].reduce((sum, one) => sum + one, 0);
  return { arch, way, killed, missed, builds, hits, faults, calmMs: calm.durationMs };
}

function report(results) {
  const versionOf = (tool) => execFileSync(tool, ['--version'], { encoding: 'utf8' }).split('\n')[0];
  const rows = results.map(({ arch, way, killed, missed, builds, hits, faults, calmMs }) =>
    [
      arch,
      way,
      killed,
      builds,
      [...hits].map(([step, times]) => `${step} ${times}`).join(', '),
      missed,
      faults.length,
      `${(calmMs / 1000).toFixed(0)} s`,
    ].join(' | '),
  );
  return [
    '## Torture: SIGKILL at moments spread over a real bootstrap',
    '',
    'bookworm minbase from a loopback mirror. Each kill is followed by the same command; up to three kills in one build.',
    'A fault is a process, mount, loop device or lock that is left, a machine in the list, a package fetched twice, or a',
    'difference of the final tree from the uninterrupted one.',
    '',
    '| arch | way | kills | builds | where they hit | build was faster | faults | uninterrupted |',
    '| --- | --- | ---: | ---: | --- | ---: | ---: | ---: |',
    ...rows.map((row) => `| ${row} |`),
    '',
    `Measured ${new Date().toISOString().slice(0, 10)} on ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ` +
      `${Math.round(totalmem() / 1024 ** 3)} GiB, Linux ${release()}, ${versionOf('debootstrap')}, Node ${process.version}.`,
    ...results.flatMap(({ arch, way, faults }) => faults.map((fault) => `- ${arch} ${way}: ${fault}`)),
  ].join('\n');
}

if (process.getuid?.() !== 0) throw new Error('the torture needs root');
const root = mkdtempSync(join(tmpdir(), 'machinespawn-torture-'));
announceSharedRoot(root, 0);
const mirror = await startCountingMirror();
try {
  const results = [];
  for (const [arch, count] of Object.entries({ amd64, arm64 })) {
    if (Number(count) === 0) continue;
    for (const asked of values.with.split(','))
      results.push(await torture(mirror, { arch, count: Number(count), asked }));
  }
  process.stdout.write(`${report(results)}\n`);
  process.exitCode = results.every(({ faults }) => faults.length === 0) ? 0 : 1;
} finally {
  await mirror.close();
  execFileSync('rm', ['-rf', '--one-file-system', root]);
}
