import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, constants, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import { cancelled } from './cancelled.ts';
import { cleanEnvironment } from './clean-environment.ts';
import { problemOf, unwritable } from './file-error.ts';

/** A lock that is held: the kernel keeps it for as long as this descriptor, or an inherited one, is open. */
export interface HeldFlock {
  readonly descriptor: number;
  release(): void;
}

// Where flock(2) may be local to one host, or absent.
const networkFileSystems: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB',
  0x517b: 'SMB',
  0x5346414f: 'AFS',
};

const busy = 1;

function missing(path: string, problem: string, cause?: unknown): Error {
  return fail('MSP_LOCK_UNSUPPORTED', { path, problem }, cause);
}

async function openLockFile(path: string): Promise<number> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    const { type } = await statfs(dirname(path));
    const network = networkFileSystems[type];
    if (network !== undefined) throw missing(path, `it is on ${network}, whose locks do not bind other hosts`);
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function note(descriptor: number, text: string): void {
  try {
    ftruncateSync(descriptor, 0);
    writeSync(descriptor, text, 0);
  } catch {
    // The words are only for those who wait; the lock holds without them, such as on a full disk.
  }
}

function held(descriptor: number, holder: string): HeldFlock {
  note(descriptor, `${holder}\n`);
  let isOpen = true;
  return {
    descriptor,
    release() {
      if (!isOpen) return;
      isOpen = false;
      note(descriptor, '');
      closeSync(descriptor);
    },
  };
}

/** The words that the holder left in the file. */
export function holderOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim() || null;
  } catch {
    return null;
  }
}

function tryOnce(path: string, descriptor: number): boolean {
  const done = spawnSync('/usr/bin/flock', ['-x', '-n', '3'], {
    stdio: ['ignore', 'ignore', 'pipe', descriptor],
    env: cleanEnvironment(),
    encoding: 'utf8',
  });
  if (done.error !== undefined)
    throw fail('MSP_TOOL_MISSING', { tool: 'flock', debianPackage: 'util-linux' }, done.error);
  if (done.status === busy) return false;
  if (done.status !== 0) throw missing(path, done.stderr.trim() || `flock exited with code ${done.status}`);
  return true;
}

async function ended(child: ChildProcess): Promise<number | null> {
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}

/** Null when somebody else holds it. The file is never removed: a lock on a removed file binds nobody. */
export async function tryFlock(path: string, holder: string): Promise<HeldFlock | null> {
  const descriptor = await openLockFile(path);
  try {
    if (tryOnce(path, descriptor)) return held(descriptor, holder);
    closeSync(descriptor);
    return null;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Waits for the lock. Throws MSP_CANCELLED, MSP_LOCK_UNSUPPORTED, MSP_TOOL_MISSING. */
export async function waitForFlock(
  path: string,
  holder: string,
  options: { readonly signal: AbortSignal; readonly onWait: (holder: string | null) => void },
): Promise<HeldFlock> {
  const { signal, onWait } = options;
  const descriptor = await openLockFile(path);
  try {
    if (signal.aborted) throw cancelled(signal);
    if (tryOnce(path, descriptor)) return held(descriptor, holder);
    onWait(holderOf(path));
    if (signal.aborted) throw cancelled(signal);
    // Should we be killed, the waiting program must not stay behind.
    const waiter = spawn('/usr/bin/setpriv', ['--pdeathsig', 'KILL', '--', '/usr/bin/flock', '-x', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', descriptor],
      env: cleanEnvironment(),
      detached: true,
    });
    const stop = (): void => void waiter.kill('SIGKILL');
    signal.addEventListener('abort', stop);
    const code = await ended(waiter).catch((error: unknown) => {
      throw missing(path, problemOf(error), error);
    });
    signal.removeEventListener('abort', stop);
    if (signal.aborted) throw cancelled(signal);
    if (code !== 0) throw missing(path, `flock ended with ${code ?? 'a signal'}`);
    return held(descriptor, holder);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
