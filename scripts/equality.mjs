// `npm run equality`: builds every machine that `--with auto` makes in the fast way a second time, by debootstrap, and
// compares the two entry for entry (test/real/equality.test.ts, of which CI runs what there is time for). Prints a section
// in Markdown for bench/RESULTS.md on stdout, everything else on stderr. Takes about an hour and a half;
// `npm run equality -- "trixie minbase" "sid default i386"` does fewer. With MACHINESPAWN_EQUALITY_RECORD=FILE an interrupted
// one goes on.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

if (process.getuid?.() !== 0) throw new Error('the comparison needs root');
const wanted = process.argv.slice(2).join(',') || 'all';
const directory = mkdtempSync(join(tmpdir(), 'machinespawn-equality-'));
const kept = process.env.MACHINESPAWN_EQUALITY_RECORD;
const record = kept ?? join(directory, 'record');
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--configLoader', 'native', '--project', 'real'];
const patience = ['--testTimeout', String(4 * 3600 * 1000)];
try {
  writeFileSync(record, '', { flag: 'a' });
  const { status } = spawnSync(
    'unshare',
    // Mounts made by a test that dies must die with it.
    ['--mount', '--propagation', 'slave', '--', process.execPath, ...vitest, ...patience, 'test/real/equality.test.ts'],
    {
      cwd: dirname(dirname(fileURLToPath(import.meta.url))),
      env: { ...process.env, MACHINESPAWN_EQUALITY: wanted, MACHINESPAWN_EQUALITY_RECORD: record },
      stdio: ['inherit', 2, 2],
    },
  );
  process.stdout.write(`${report(readFileSync(record, 'utf8').split('\n').filter(Boolean).map(JSON.parse))}\n`);
  process.exitCode = status ?? 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function report(cells) {
  const debootstrap = spawnSync('debootstrap', ['--version'], { encoding: 'utf8' }).stdout.trim();
  const rows = cells
    .map(({ codename, variant, arch, packages, entries, differencesInUse, booted }) =>
      [
        `${codename} ${variant} ${arch}`,
        packages,
        entries,
        differencesInUse ? 'yes' : 'no',
        booted ? 'yes' : 'no',
      ].join(' | '),
    )
    .toSorted();
  return [
    '## Equality: the fast way against debootstrap',
    '',
    'Machines that came out equal in all entries: paths, types, modes, owners, links, sizes, digests, attributes; and without a',
    'complaint of `dpkg --audit`, `dpkg --verify` and `apt-get check`. In use: packages were installed, upgraded and purged in',
    'both, and they were compared again. Booted: both under systemd-nspawn, with the same units. What may differ, and why:',
    'test/real/support/compare-machines.ts.',
    '',
    '| machine | packages | entries | in use | booted |',
    '| --- | ---: | ---: | --- | --- |',
    ...rows.map((row) => `| ${row} |`),
    '',
    `Compared ${new Date().toISOString().slice(0, 10)} with ${debootstrap}.`,
  ].join('\n');
}
