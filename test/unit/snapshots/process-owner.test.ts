import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { isAlive, parseStartTicks, readThisProcess } from '../../../src/snapshots/process-owner.ts';

describe('the owner of a place', () => {
  it('reads the start of a process whose name looks like fields', () => {
    const fields = Array.from({ length: 40 }, (_, at) => String(at + 4));
    expect(parseStartTicks(`12 (a) b (c) S ${fields.join(' ')}`)).toBe(22);
  });

  it('is alive only as the same process of the same boot', async () => {
    const own = await readThisProcess();
    expect(await isAlive(own)).toBe(true);
    expect(await isAlive({ ...own, startTicks: own.startTicks + 1 })).toBe(false);
    expect(await isAlive({ ...own, bootId: 'another' })).toBe(false);
  });

  it('is dead when its process has ended', async () => {
    const child = spawn('true');
    const { pid = 0 } = child;
    await new Promise((resolve) => child.once('close', resolve));
    expect(await isAlive({ ...(await readThisProcess()), pid })).toBe(false);
  });
});
