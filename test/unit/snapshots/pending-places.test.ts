import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { refuseOthersPlace } from '../../../src/snapshots/pending-places.ts';
import { parseStartTicks, readThisProcess } from '../../../src/snapshots/process-owner.ts';

const place = mkdtempSync(join(tmpdir(), 'machinespawn-unit-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

const write = (owner: object): void => writeFileSync(join(place, 'owner.json'), JSON.stringify({ owner, needs: null }));

it('a place where another living process works is refused, with its number', async () => {
  const own = await readThisProcess();
  const parent = {
    ...own,
    pid: process.ppid,
    startTicks: parseStartTicks(readFileSync(`/proc/${process.ppid}/stat`, 'utf8')),
  };
  write(parent);
  await expect(refuseOthersPlace(place, 'x')).rejects.toMatchObject({
    code: 'MSP_LOCK_BUSY',
    exitCode: 5,
    data: { holder: `process ${process.ppid}` },
  });
  // The same number, but the process that had it is dead.
  write({ ...parent, startTicks: parent.startTicks + 1 });
  await refuseOthersPlace(place, 'x');
  write(own);
  await refuseOthersPlace(place, 'x');
});
