// `npm test`: set-up, checks, then the three tiers of tests. `node scripts/test.mjs real` runs only the stages named.
// Every stage runs even after a failure, so that one run shows all faults. The last line counts the tests.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { completeInstall } from './complete-install.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const countsFolder = mkdtempSync(join(tmpdir(), 'machinespawn-counts-'));
const isRoot = process.getuid?.() === 0;
const totals = { passed: 0, failed: 0, skipped: 0 };
const failures = [];

// sudo drops the environment; downloads need these, and the tests look at CI.
const PROXY_NAMES = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'all_proxy'];
const KEPT_BY_SUDO = PROXY_NAMES.concat(
  PROXY_NAMES.map((name) => name.toUpperCase()),
  ['CI', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'TERM', 'TMPDIR', 'MACHINESPAWN_TEST_COUNTS'].concat([
    'MACHINESPAWN_TEST_LANE',
    'MACHINESPAWN_TEST_ARCHIVE',
  ]),
);

const npmScript = (name) => ['npm', 'run', '--silent', name];
// The native loader writes no file beside the configuration: as root that would be a file the user cannot remove.
const vitest = (project) =>
  [process.execPath, 'node_modules/vitest/vitest.mjs', 'run'].concat('--configLoader', 'native', '--project', project);
// Mounts made by a test that dies must die with it.
const inOwnMounts = (argv) => ['unshare', '--mount', '--propagation', 'slave', '--', ...argv];
const asRoot = (argv) => (isRoot ? argv : ['sudo', `--preserve-env=${KEPT_BY_SUDO.join(',')}`, '--', ...argv]);

const STAGES = [
  { name: 'set-up', argv: ['sh', 'scripts/set-up-tests.sh'] },
  { name: 'format', argv: npmScript('format:check') },
  { name: 'types', argv: npmScript('typecheck') },
  { name: 'lint', argv: npmScript('lint') },
  { name: 'knip', argv: npmScript('knip') },
  { name: 'build', argv: npmScript('build') },
  { name: 'package', argv: npmScript('check:package'), needs: ['build'] },
  { name: 'docs', argv: npmScript('docs:check') },
  { name: 'unit', argv: vitest('unit'), counted: true },
  { name: 'rules', argv: vitest('rules'), counted: true },
  { name: 'real', argv: asRoot(inOwnMounts(vitest('real'))), counted: true, needs: ['set-up', 'build'], lanes: 2 },
];

/** The real tier has left root's packages in it. */
function removeCounts() {
  if (isRoot) rmSync(countsFolder, { recursive: true, force: true });
  else spawnSync('sudo', ['--', 'rm', '-rf', '--one-file-system', countsFolder], { stdio: 'inherit' });
}

function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function addCounts(stage, file, ok) {
  const counts = readCounts(file);
  // A tier that dies without counts, or fails without a failed test, must not look green in the last line.
  if (counts === undefined) totals.failed += 1;
  else {
    totals.passed += counts.passed;
    totals.failed += counts.failed + (!ok && counts.failed === 0 ? 1 : 0);
    totals.skipped += counts.skipped;
    failures.push(...(counts.failures ?? []));
  }
  if (counts === undefined || counts.passed + counts.failed === 0) {
    process.stderr.write(`${stage.name}: no test was counted\n`);
    return false;
  }
  return ok;
}

async function runStage(stage) {
  process.stdout.write(`\n== ${stage.name}\n`);
  if (stage.lanes === undefined) return runLane(stage, 'inherit', {});
  // What the lanes fetch they fetch once.
  const archive = process.env.MACHINESPAWN_TEST_ARCHIVE ?? join(countsFolder, 'archive');
  mkdirSync(archive, { recursive: true });
  const lanes = Array.from({ length: stage.lanes }, async (_, at) => {
    const output = join(countsFolder, `${stage.name}-${at + 1}.log`);
    const file = at === 0 ? 'inherit' : openSync(output, 'w');
    const lane = { MACHINESPAWN_TEST_LANE: String(at + 1), MACHINESPAWN_TEST_ARCHIVE: archive };
    const ok = await runLane({ ...stage, name: `${stage.name}-${at + 1}` }, file, lane);
    if (file !== 'inherit') closeSync(file);
    return { ok, output: file === 'inherit' ? null : output };
  });
  const ended = await Promise.all(lanes);
  for (const { output } of ended) if (output !== null) process.stdout.write(readFileSync(output));
  return ended.every(({ ok }) => ok);
}

/** @param {'inherit' | number} output where it writes to */
async function runLane(stage, output, more) {
  const file = join(countsFolder, `${stage.name}.json`);
  const [program, ...args] = stage.argv;
  const child = spawn(program, args, {
    cwd: root,
    stdio: ['inherit', output, output],
    env: { ...process.env, ...more, MACHINESPAWN_TEST_COUNTS: file },
  });
  const [status, signal] = await once(child, 'close').catch((error) => {
    process.stderr.write(`${stage.name}: ${error.message}\n`);
    return [null, null];
  });
  if (signal) process.stderr.write(`${stage.name}: ended by ${signal}\n`);
  const ok = status === 0;
  return stage.counted ? addCounts(stage, file, ok) : ok;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !STAGES.some((stage) => stage.name === name));
if (unknown.length > 0) {
  throw new Error(`unknown stage ${unknown.join(', ')}; known are ${STAGES.map(({ name }) => name).join(', ')}`);
}
completeInstall(root);
const results = new Map();
try {
  for (const stage of STAGES) {
    if (wanted.length > 0 && !wanted.includes(stage.name)) continue;
    const broken = (stage.needs ?? []).filter((name) => results.get(name)?.ok === false);
    if (broken.length > 0) {
      if (stage.counted) totals.failed += 1;
      results.set(stage.name, { ok: false, note: `not run, because ${broken.join(' and ')} failed` });
      continue;
    }
    const start = performance.now();
    const ok = await runStage(stage);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    results.set(stage.name, { ok, note: `${seconds.padStart(7)} s` });
  }
} finally {
  removeCounts();
}

if (failures.length > 0) process.stdout.write(`\nFailed tests:\n  ${failures.join('\n  ')}\n`);
process.stdout.write('\n');
for (const [name, { ok, note }] of results) {
  process.stdout.write(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(8)} ${note}\n`);
}
process.exitCode = [...results.values()].every(({ ok }) => ok) ? 0 : 1;
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
