/** A plan, run again and again by processes that are killed, until one of them comes to an end. */
import type { Plan } from '../../../../src/engine/plan.ts';
import type { RunOptions } from '../../../../src/engine/run-options.ts';
import type { RunEnd } from '../../../../src/engine/run.ts';
import type { World } from './world.ts';

export async function untilDone(
  world: World,
  plan: Plan,
  cuts: readonly number[],
  options: RunOptions,
): Promise<{ end: RunEnd; kills: number }> {
  let kills = 0;
  for (const moments of [...cuts, Infinity]) {
    const { engine, killed } = world.process(moments);
    const opening = (async () => {
      const unfinished = await engine.findUnfinished(plan);
      const run = unfinished === null ? await engine.start(plan, options) : await engine.resume(unfinished, options);
      return run.done;
    })().catch((error: unknown) => {
      if (moments === Infinity) throw error;
      return 'killed' as const;
    });
    const end = await Promise.race([opening, killed]);
    if (end !== 'killed' && end.status !== 'paused') return { end, kills };
    kills += 1;
  }
  throw new TypeError('the last process was killed, too');
}
