/** Runs a session of package scripts: its progress becomes ours, and a script that fails or hangs is named. */
import { fail, MachinespawnError } from '../../errors/machinespawn-error.ts';
import type { Command } from '../../host/services.ts';
import type { Context } from '../define-step.ts';

const tailLines = 20;
/** What runs while dpkg says that it does something. */
const scripts: Readonly<Record<string, string>> = {
  ...{ preinst: 'preinst', unpack: 'preinst', install: 'preinst', upgrade: 'preinst' },
  ...{ configure: 'postinst', trigproc: 'postinst (triggers)' },
};

/** `command` writes lines in the form of dpkg's --status-fd to descriptor 3. Throws MSP_PACKAGE_SCRIPT, MSP_PACKAGE_SCRIPT_HANGS. */
export async function runPackageScripts(context: Context, command: Command): Promise<void> {
  const tail: string[] = [];
  let current = { package: 'dpkg', script: 'its start' };
  let failed: typeof current | null = null;
  let failedTail: string[] | null = null;
  let done = 0;
  const onStatusLine = (line: string): void => {
    const [, action, name] = /^processing: (\w+): (\S+)/u.exec(line) ?? [];
    if (action !== undefined && name !== undefined) {
      current = { package: name, script: scriptOf(action) };
      if (action === 'configure') done += 1;
      context.progress({ phase: 'configuring packages', done, unit: 'items', text: name });
    }
    const [, broken, problem] = /^status: (\S+) : error : (.*)$/u.exec(line) ?? [];
    if (broken === undefined || failed !== null) return;
    // Of a package that it has to unpack, dpkg names the file.
    failed = { package: broken.startsWith('/') ? current.package : broken, script: current.script };
    // Others go on being configured; what they say explains nothing.
    failedTail = [...tail.slice(-tailLines / 2), problem ?? ''];
  };
  const onLine = (line: string): void => {
    tail.push(line);
    if (tail.length > tailLines) tail.shift();
    // The script's words and dpkg's come by different pipes.
    if (failedTail !== null && failedTail.length < tailLines) failedTail.push(line);
  };
  try {
    await context.services.exec({
      ...command,
      // What the packages' scripts ask of a terminal or of systemd.
      env: { DEBIAN_FRONTEND: 'noninteractive', DEBCONF_NONINTERACTIVE_SEEN: 'true', SYSTEMD_OFFLINE: '1' },
      onStatusLine,
      onLine,
    });
  } catch (error) {
    if (!MachinespawnError.is(error) || error.code !== 'MSP_TOOL_FAILED') throw error;
    const text = (failedTail ?? tail).join('\n');
    if (error.data['isIdle'] === true)
      throw fail('MSP_PACKAGE_SCRIPT_HANGS', { ...current, seconds: (command.idleMs ?? 0) / 1000, tail: text }, error);
    if (failed === null) throw error;
    throw fail('MSP_PACKAGE_SCRIPT', { ...(failed as typeof current), tail: text }, error);
  }
}

function scriptOf(action: string): string {
  return scripts[action] ?? action;
}
