import { execFile } from 'node:child_process';
import type { RunTool } from '../../../src/snapshots/run-tool.ts';

/** The room's door to programs, for its tests. */
export const runTool: RunTool = async (file, args, options = {}) =>
  new Promise((resolve, reject) => {
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC', ...options.env };
    const { onBytes, ...rest } = options;
    const given = { ...rest, env, maxBuffer: 1024 ** 3, encoding: 'buffer' as const };
    const child = execFile(file, [...args], given, (error, bytes) => {
      if (onBytes !== undefined && error === null) onBytes(bytes);
      const stdout = onBytes === undefined ? bytes.toString('utf8') : '';
      // An abort is reported before the program has ended.
      if (error === null) resolve({ stdout });
      else if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) reject(error);
      else child.once('close', () => reject(error));
    });
  });
