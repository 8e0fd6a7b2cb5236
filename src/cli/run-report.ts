/** The HTML report of a run, made for `runs report` and `pipeline run --report`. */
import { open } from 'node:fs/promises';
import type { App, RunDetail } from '../app-types.ts';
import { htmlReport } from './report/html.ts';

/** A log is shown by its end: that is where the failure is. */
const tailBytes = 16_384;

/** Throws MSP_RUN_NOT_FOUND. */
export async function reportOf(app: Pick<App, 'showRun'>, run: string): Promise<string> {
  const detail = await app.showRun(run);
  return htmlReport(detail, await tailsOf(detail));
}

async function tailsOf({ stepDetails }: RunDetail): Promise<ReadonlyMap<string, string>> {
  const tails = new Map<string, string>();
  for (const { id, status, logs } of stepDetails) {
    const last = logs.at(-1);
    if (status !== 'failed' || last === undefined) continue;
    const tail = await endOf(last);
    if (tail !== null) tails.set(id, tail);
  }
  return tails;
}

/** Null when it cannot be read: the report is worth something without it. */
async function endOf(path: string): Promise<string | null> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const start = Math.max(0, size - tailBytes);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(Math.min(size, tailBytes)), position: start });
    const text = buffer.subarray(0, bytesRead).toString('utf8');
    return start === 0 ? text : `…${text.slice(text.indexOf('\n'))}`;
  } catch {
    return null;
  }
}
