/** apt-cacher-ng, the real one, on a port of its own with a cache and a log of its own. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lowPort } from './low-port.ts';
import { newDirectory } from './shared-place.ts';

export interface AptCacher {
  /** "127.0.0.1:PORT". */
  readonly host: string;
  /** Paths of what it has handed out, in order, from its log. */
  handedOut(): readonly string[];
  /** At once, in the middle of whatever it does. */
  kill(): Promise<void>;
}

export async function startAptCacher(): Promise<AptCacher> {
  const root = newDirectory('apt-cacher');
  const port = await lowPort();
  for (const name of ['conf', 'cache', 'log']) mkdirSync(join(root, name));
  const settings = {
    BindAddress: '127.0.0.1',
    Port: port,
    CacheDir: join(root, 'cache'),
    LogDir: join(root, 'log'),
    PidFile: join(root, 'pid'),
    SocketPath: join(root, 'socket'),
    // The archive of the tests is on a port of its own, too.
    AllowUserPorts: 0,
    ForeGround: 1,
    // Each file is logged when it is handed out, not some time later.
    UnbufferLogs: 1,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}: ${value}\n`);
  writeFileSync(join(root, 'conf/acng.conf'), lines.join(''));
  const daemon = spawn('/usr/sbin/apt-cacher-ng', ['-c', join(root, 'conf')], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve, reject) => {
    daemon.once('error', reject);
    daemon.once('exit', () => resolve());
  });
  const kill = async (): Promise<void> => {
    daemon.kill('SIGKILL');
    await ended;
  };
  try {
    await answers(`http://127.0.0.1:${port}/`);
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    host: `127.0.0.1:${port}`,
    handedOut: () =>
      readFileSync(join(root, 'log/apt-cacher.log'), 'utf8')
        .split('\n')
        .map((line) => line.split('|'))
        .filter(([, direction]) => direction === 'O')
        .map((fields) => decodeURIComponent(fields.at(-1) ?? '')),
    kill,
  };
}

async function answers(url: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      if ((await fetch(url)).status === 406) return;
    } catch (error) {
      if (tries === 100) throw error;
    }
    await sleep(100);
  }
}
