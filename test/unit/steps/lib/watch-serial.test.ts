/** The script itself, with a shell script that plays the computer. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { watchSerial } from '../../../../src/steps/lib/watch-serial.ts';

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'machinespawn-serial-'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** `computer`: lines of shell; what it writes to "$S" is its serial console. */
function watch(computer: string, expected: readonly string[], refused: readonly string[], seconds = 10) {
  const serial = join(place, 'serial.log');
  const words = [
    serial,
    String(seconds),
    '--',
    ...expected,
    '--',
    ...refused,
    '--',
    'sh',
    '-c',
    `S='${serial}'\n${computer}`,
  ];
  const started = performance.now();
  const { status, stdout } = spawnSync('sh', ['-c', watchSerial, 'watch', ...words], { cwd: place, encoding: 'utf8' });
  return { status, stdout, seconds: (performance.now() - started) / 1000 };
}

it('ends the computer as soon as all texts are there, also one without an end of line', () => {
  const seen = watch(
    `echo 'report: [ok]' >> "$S"; printf 'live login: ' >> "$S"; exec sleep 60`,
    ['report: [ok]', 'login:'],
    ['panic'],
  );
  expect(seen.status).toBe(0);
  expect(seen.seconds).toBeLessThan(8);
  expect(seen.stdout).toMatch(/report: \[ok\]\nlive login: /u);
});

it('takes texts as they stand, not as patterns', () => {
  expect(watch(`echo 'login' >> "$S"; exec sleep 60`, ['log.n'], [], 2).status).toBe(4);
});

it.each([
  ['a refused text', `echo 'Kernel panic' >> "$S"; exec sleep 60`, 3],
  ['the end of the time', 'exec sleep 60', 4],
  ['the end of the computer', 'exit 1', 5],
])('tells %s from all else', (_, computer, status) => {
  expect(watch(computer, ['login:'], ['Kernel panic'], 2).status).toBe(status);
});

it('counts what a computer said that ended at once', () => {
  expect(watch(`echo 'login:' >> "$S"`, ['login:'], []).status).toBe(0);
});
