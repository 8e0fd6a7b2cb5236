/** `--detach`: what a person may be asked is asked here, and the run goes on without this terminal. */
import type { RunRequest } from '../app-types.ts';
import type { Call } from './execute.ts';
import { installMissingTools } from './install-tools.ts';

/** Prints the id of the run; gives the exit code. */
export async function detachRun(call: Call, request: RunRequest, root: boolean): Promise<number> {
  const { app, argv, terminal } = call;
  if (root) await app.elevate(argv);
  await installMissingTools(call, await app.missingTools(request));
  // The options that come last win.
  const words = argv.filter((word) => word !== '--detach');
  const { runId, pid } = await app.detach([...words, '--progress', 'json', '--no-input', '--json']);
  terminal.out(runId);
  terminal.say(`It goes on as process ${pid}.`);
  terminal.say(`  Watch:  machinespawn runs logs -f ${runId}`);
  terminal.say(`  Stop:   machinespawn runs cancel ${runId}`);
  return 0;
}
