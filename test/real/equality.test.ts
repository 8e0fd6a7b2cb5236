/**
 * The proof that `auto` refers to: machines of the fast way and debootstrap's, compared entry for entry, and again after
 * packages were installed, upgraded and purged in both. CI takes what there is time for; `npm run equality` takes all.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comparedIncludes, equalityCells, type EqualityCell } from '../../src/model/proven-equal.ts';
import { startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { cellName, isNative, judgeEquality } from './support/equality.ts';
import { inTurns } from './support/in-turns.ts';
import { newPlace, type Place } from './support/machinespawn.ts';
import { settledArchive } from './support/settled-archive.ts';
import { sharedCache } from './support/shared-place.ts';

/** "all", or names of cells such as "trixie default i386", separated by commas. */
const wanted = process.env['MACHINESPAWN_EQUALITY'];
/** Where to write down what was found, a line of JSON for each. What is there already is not compared again. */
const record = process.env['MACHINESPAWN_EQUALITY_RECORD'];

const known =
  record !== undefined && existsSync(record)
    ? readFileSync(record, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => cellName(JSON.parse(line) as EqualityCell))
    : [];

function chosen(cell: EqualityCell): boolean {
  if (known.includes(cellName(cell))) return false;
  if (wanted === undefined) return isForCi(cell);
  return wanted === 'all' || wanted.split(',').some((name) => cellName(cell).includes(name));
}

/** Every suite on amd64 (the default variant has all packages of the other), and one of each other kind of architecture. */
function isForCi(cell: EqualityCell): boolean {
  if (cell.arch === 'amd64') return cell.variant === 'default';
  return ['trixie minbase i386', 'bookworm minbase arm64'].includes(cellName(cell));
}

/** apt takes minutes to read its lists through an emulator. */
function isUsed(cell: EqualityCell): boolean {
  return wanted !== undefined || ['bookworm default amd64', 'trixie default amd64'].includes(cellName(cell));
}

/**
 * The other variants have no init, and one for another processor is more than an emulator of programs can do: systemd of
 * arm64 under qemu-user 7.2 says nothing in 90 s, whoever made its tree.
 */
function isBooted(cell: EqualityCell): boolean {
  return isNative(cell) && cell.variant === 'default';
}

let mirror: CountingMirror;
let place: Place;
beforeAll(async () => {
  mirror = await startCountingMirror();
  place = newPlace('equality', { cache: sharedCache() });
});
afterAll(async () => {
  await mirror.close();
});

const inTurn = inTurns(2);

describe.concurrent('the fast way and debootstrap give the same machine', () => {
  for (const cell of equalityCells().filter(chosen)) {
    it(cellName(cell), async () => {
      await inTurn(async () => {
        const include = cell.variant === 'default' ? ['--include', comparedIncludes.join(',')] : [];
        const { url, options } = await settledArchive(mirror, cell.codename, cell.arch);
        const more = [...include, ...options];
        const [inUse, boot] = [isUsed(cell), isBooted(cell)];
        const answer = await judgeEquality(place, { cell, mirror: url, more, inUse, boot });
        expect(answer.differences).toEqual([]);
        expect(answer.complaints).toBe('');
        if (inUse) expect(answer.differencesInUse).toEqual([]);
        if (boot) expect(answer.booted?.[0]).toEqual(answer.booted?.[1]);
        if (boot) expect(['running', 'degraded']).toContain(answer.booted?.[0]?.state);
        const native = isNative(cell) ? '' : ', with native programs in place of emulated ones';
        expect(answer.way).toBe(`fast: shown to give what debootstrap gives${native}`);
        if (record !== undefined) appendFileSync(record, `${JSON.stringify({ ...cell, ...answer })}\n`);
      });
    });
  }
});
