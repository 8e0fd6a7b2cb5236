import { execFile } from 'node:child_process';
import type { RunTool } from '../../../src/snapshots/run-tool.ts';

/** The room's door to programs, for its tests. */
export const runTool: RunTool = async (file, args, options = {}) =>
  new Promise((resolve, reject) => {
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC', ...options.env };
    const given = { ...options, env, maxBuffer: 1024 ** 3 };
    const child = execFile(file, [...args], given, (error, stdout) => {
      // An abort is reported before the program has ended.
      if (error === null) resolve({ stdout });
      else if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) reject(error);
      else child.once('close', () => reject(error));
    });
  });
