/** Runs a stage of debootstrap: its progress becomes ours, and its error codes become ours. */
import { fail, MachinespawnError } from '../../errors/machinespawn-error.ts';
import type { Command } from '../../host/services.ts';
import { debootstrapFailure, type DebootstrapRun } from '../../model/debootstrap-failure.ts';
import { createDebootstrapStatusParser, type DebootstrapMessage } from '../../model/debootstrap-status.ts';
import type { Context } from '../define-step.ts';

/** A disk with less is full: what debootstrap writes next is larger. */
const fullBelowBytes = 4 * 1024 * 1024;

/**
 * `command` is to have --debian-installer among its arguments. `writesTo`: directories that may be full afterwards.
 * `onProgress`: called with debootstrap's word for what it does, such as DOWNDEBS.
 * Throws what `debootstrapFailure` gives, and MSP_DISK_FULL.
 */
export async function runDebootstrap(
  context: Context,
  command: Command,
  run: DebootstrapRun,
  writesTo: readonly string[],
  onProgress?: (code: string) => void,
): Promise<void> {
  const messages: DebootstrapMessage[] = [];
  let package_: string | undefined;
  const listener = (parse: ReturnType<typeof createDebootstrapStatusParser>) => (line: string) => {
    const status = parse(line);
    if (status === null) return;
    if (status.kind === 'progress') {
      onProgress?.(status.code);
      const { phase, done, total, unit } = status;
      context.progress({ phase, done, total, unit, ...(package_ !== undefined && { text: package_ }) });
      return;
    }
    messages.push(status);
    if (status.level === 'info') package_ = status.args[0];
    else context.log.info(`debootstrap: ${status.text}`);
  };
  try {
    await context.services.exec({
      ...command,
      onStatusLine: listener(createDebootstrapStatusParser()),
      onLine: listener(createDebootstrapStatusParser()),
    });
  } catch (error) {
    if (!MachinespawnError.is(error) || error.code !== 'MSP_TOOL_FAILED') throw error;
    // wget's own words about a full disk get lost in its progress.
    for (const path of writesTo) {
      if ((await context.services.files.freeBytes(path)) < fullBelowBytes) throw fail('MSP_DISK_FULL', { path }, error);
    }
    throw debootstrapFailure(messages, run) ?? error;
  }
}
