import { fail } from '../../errors/machinespawn-error.ts';
import type { StepServices } from '../../host/services.ts';

/**
 * Until the run ends, no other one prepares a machine of this name: it would take what is being prepared for what a dead
 * one left. Throws MSP_LOCK_BUSY.
 */
export async function reserveName({ lockForRun }: Pick<StepServices, 'lockForRun'>, name: string): Promise<void> {
  const answer = await lockForRun(`making-${name}`);
  if (!answer.isTaken) throw fail('MSP_LOCK_BUSY', { lock: `the machine name '${name}'`, holder: answer.holder });
}
