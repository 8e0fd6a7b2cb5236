/** Host packages are never installed without a yes. */
import { fail } from '../errors/machinespawn-error.ts';
import { canAsk, confirm } from './confirm.ts';
import type { Call } from './execute.ts';
import { shellWords } from '../model/shell-words.ts';

export interface MissingTools {
  readonly packages: readonly string[];
  readonly commands: readonly (readonly string[])[];
}

/** Shows the commands, asks, and runs them. Throws MSP_TOOL_MISSING when the answer is no, or nobody can be asked. */
export async function installMissingTools(
  call: Pick<Call, 'app' | 'terminal' | 'globals'>,
  missing: MissingTools,
): Promise<void> {
  if (missing.packages.length === 0) return;
  const { app, terminal, globals } = call;
  const refusal = (): Error =>
    fail('MSP_TOOL_MISSING', { tool: missing.packages.join(', '), debianPackage: missing.packages.join(' ') });
  if (!globals.yes && !canAsk(globals, terminal)) throw refusal();
  terminal.stderr.write(`These host packages are missing: ${missing.packages.join(', ')}\n`);
  for (const command of missing.commands) terminal.stderr.write(`  ${shellWords(command)}\n`);
  const question = { text: 'Install them now?', action: 'installing host packages', unattended: 'demand' } as const;
  if (!(await confirm(question, globals, terminal))) throw refusal();
  await app.installTools(missing.commands);
}
