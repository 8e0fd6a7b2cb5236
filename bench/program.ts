/** Starts programs and measures them. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);

export interface Finished {
  readonly ms: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Throws when the program does not end with 0. */
export async function runProgram(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Finished> {
  const [file = '', ...args] = argv;
  const start = performance.now();
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const ms = performance.now() - start;
  if (code !== 0)
    throw new Error(`${argv.join(' ')} ended with ${code}\n${stdout.slice(-2000)}\n${stderr.slice(-4000)}`);
  return { ms, stdout, stderr };
}

/** The command line as installed: this Node, the launcher, the bundle. */
export function machinespawn(...args: readonly string[]): readonly string[] {
  if (!existsSync(join(root, 'dist/cli-bundle/bin.js'))) throw new Error('there is no bundle: npm run build');
  return [process.execPath, join(root, 'bin/machinespawn.cjs'), ...args];
}

/** Directories of our own below `place`, as options. */
export function placeOptions(place: string): readonly string[] {
  return ['--machines-dir', `${place}/machines`, '--cache-dir', `${place}/cache`, '--state-dir', `${place}/state`];
}

/** What earlier work left to be written must not be paid by the next. */
export async function settleDisk(): Promise<void> {
  await runProgram(['sync']);
}

export async function removeTree(...paths: readonly string[]): Promise<void> {
  await runProgram(['rm', '-rf', '--one-file-system', '--', ...paths]);
}
