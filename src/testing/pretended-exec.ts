import { fail } from '../errors/machinespawn-error.ts';
import type { Command, CommandResult } from '../host/services.ts';
import type { FakeHost } from './fake-host.ts';
import type { Moments } from './moments.ts';
import type { World } from './world.ts';

export interface PretendedPrograms {
  exec(command: Command): Promise<CommandResult>;
  execOnTerminal(command: Pick<Command, 'file' | 'args' | 'env'>): Promise<{ readonly exitCode: number }>;
}

export function pretendPrograms(world: World, moments: Moments, host: FakeHost): PretendedPrograms {
  const start = (command: Command): Promise<CommandResult> =>
    moments.call(`exec(${[command.file, ...command.args].join(' ')})`, 'writes', async (inside) => {
      const { file, args, env, stdin } = command;
      world.commands.push({ file, args, ...(env && { env }), ...(stdin !== undefined && { stdin }) });
      const program = Object.hasOwn(host.programs ?? {}, file) ? host.programs?.[file] : undefined;
      if (program === undefined) throw fail('MSP_TOOL_MISSING', { tool: file, debianPackage: file });
      const out: string[] = [];
      const err: string[] = [];
      const heard = (lines: string[]) => (line: string) => {
        lines.push(line);
        command.onLine?.(line);
      };
      const running = program({
        args,
        env: env ?? {},
        stdin: stdin ?? '',
        world,
        print: command.onBytes === undefined ? heard(out) : (line) => command.onBytes?.(Buffer.from(`${line}\n`)),
        complain: heard(err),
        status: (line) => command.onStatusLine?.(line),
      });
      for (;;) {
        const { done, value } = running.next();
        if (done === true) return { exitCode: value ?? 0, stdout: text(out), stderr: text(err) };
        await Promise.resolve();
        inside();
      }
    });
  return {
    async exec(command) {
      const result = await start(command);
      if ((command.okCodes ?? [0]).includes(result.exitCode)) return result;
      const { file, args } = command;
      if (/No space left on device/u.test(result.stdout + result.stderr)) throw fail('MSP_DISK_FULL', { path: file });
      throw fail('MSP_TOOL_FAILED', {
        tool: file,
        exitCode: result.exitCode,
        tail: (result.stdout + result.stderr).trimEnd(),
        command: [file, ...args].join(' '),
      });
    },
    async execOnTerminal(command) {
      return { exitCode: (await start(command)).exitCode };
    },
  };
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
