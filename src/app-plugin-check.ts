/** Checks plugins, each in a process of its own that can do no harm. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, sep } from 'node:path';
import { createInterface } from 'node:readline';
import type { PluginReport } from './app-plugin-types.ts';
import { fail } from './errors/machinespawn-error.ts';
import { packageRoot } from './package-root.ts';
import { checkPrefix, type CheckMessage } from './plugins/check-protocol.ts';
import { resolvePlugin } from './plugins/resolve-plugin.ts';

/** A single check takes far less, unless it never ends. */
const usualSilenceMs = 20_000;
const code = /\.[cm]?[jt]s$/u;

/** Throws MSP_PLUGIN_NOT_FOUND. */
export async function checkPlugins(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
  {
    silenceMs = usualSilenceMs,
  }: { /** After this time without a word it is killed. */ readonly silenceMs?: number } = {},
): Promise<readonly PluginReport[]> {
  const reports: PluginReport[] = [];
  for (const entry of await entriesAt(path)) reports.push(await checkOne(entry, environment, silenceMs));
  return reports;
}

async function entriesAt(path: string): Promise<readonly string[]> {
  const info = await stat(path).catch(() => null);
  if (info?.isDirectory() !== true || existsSync(join(path, 'package.json')))
    return [resolvePlugin(path, '/', 'the command').entry];
  const names = (await readdir(path)).filter((name) => code.test(name) && !/\.(?:test|d)\./u.test(name)).toSorted();
  const entries: string[] = [];
  for (const name of names) {
    if ((await readFile(join(path, name), 'utf8')).includes('definePlugin')) entries.push(join(path, name));
  }
  if (entries.length === 0)
    throw fail('MSP_PLUGIN_NOT_FOUND', {
      plugin: path,
      askedBy: 'the command',
      problem: 'no file in it calls definePlugin',
    });
  return entries;
}

async function checkOne(
  entry: string,
  environment: Readonly<Record<string, string | undefined>>,
  silenceMs: number,
): Promise<PluginReport> {
  const tests = (await readdir(dirname(entry))).filter((name) => code.test(name) && name.includes('.test.')).toSorted();
  const worlds = ['/dev/shm', tmpdir()].map((place) => `--allow-fs-write=${place}/machinespawn-step-*`);
  const child = spawn(
    process.execPath,
    [
      '--permission',
      '--allow-fs-read=*',
      ...worlds,
      runner(),
      entry,
      ...tests.map((name) => join(dirname(entry), name)),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: environment['PATH'] ?? '', NO_COLOR: '1' }, cwd: dirname(entry) },
  );
  const checks: { name: string; problem: string | null }[] = [];
  const untested: string[] = [];
  const running: string[] = [];
  const words: string[] = [];
  let isDone = false;
  let timer = setTimeout(stop, silenceMs);
  function stop(): void {
    child.kill('SIGKILL');
    running.push('');
  }
  child.stderr.on('data', (chunk: Buffer) => void words.push(chunk.toString()));
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith(checkPrefix)) continue;
    clearTimeout(timer);
    timer = setTimeout(stop, silenceMs);
    const message = JSON.parse(line.slice(checkPrefix.length)) as CheckMessage;
    if (message.type === 'start') running.push(message.name);
    else if (message.type === 'untested') untested.push(message.name);
    else if (message.type === 'done') isDone = true;
    else {
      running.splice(running.lastIndexOf(message.name), 1);
      checks.push({ name: message.name, problem: message.problem ?? null });
    }
  }
  clearTimeout(timer);
  if (!isDone) checks.push(unfinished(running, words.join(''), silenceMs));
  return { plugin: basename(entry).replace(code, ''), file: entry, checks, untested };
}

function unfinished(running: readonly string[], words: string, silenceMs: number): { name: string; problem: string } {
  const isStuck = running.at(-1) === '';
  const name = running.filter(Boolean).at(-1) ?? 'the plugin loads';
  if (isStuck)
    return { name, problem: `it does not end, and blocks everything: it was killed after ${silenceMs / 1000} s` };
  return { name, problem: `the process of the check ended: ${words.trim().split('\n').at(-1) ?? ''}` };
}

/** Beside us in the bundle, or in the sources. */
function runner(): string {
  const isSource =
    import.meta.dirname.startsWith(join(packageRoot, 'src')) && !import.meta.dirname.includes(`${sep}dist${sep}`);
  return isSource ? join(packageRoot, 'src/plugin-check.ts') : join(packageRoot, 'dist/cli-bundle/plugin-check.js');
}
