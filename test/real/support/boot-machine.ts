/** Boots a machine under systemd-nspawn until it has nothing left to start, looks at it, and powers it off. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const limitMs = 4 * 60_000;

const unit = `[Unit]
Description=Looks at the machine of a test
After=multi-user.target
[Service]
Type=exec
ExecStart=/usr/local/bin/look
`;

const look = `#!/bin/sh
mkdir /look
systemctl is-system-running --wait > /look/state
systemctl list-units --failed --plain --no-legend > /look/failed
systemctl list-unit-files --no-legend > /look/files
systemctl poweroff --no-block
`;

export interface Booted {
  /** Of `systemctl is-system-running`. */
  readonly state: string;
  readonly failed: string;
  readonly unitFiles: string;
}

/** Throws, with what its console said, when it does not come up. @param tree its directory */
export async function bootMachine(tree: string): Promise<Booted> {
  const places = ['usr/local/bin/look', 'etc/systemd/system/look.service'];
  const wants = join(tree, 'etc/systemd/system/multi-user.target.wants');
  writeFileSync(join(tree, places[0] ?? ''), look, { mode: 0o755 });
  writeFileSync(join(tree, places[1] ?? ''), unit);
  mkdirSync(wants, { recursive: true });
  symlinkSync('../look.service', join(wants, 'look.service'));
  const console_ = await untilPoweredOff(tree);
  const said = (name: string): string => readFileSync(join(tree, 'look', name), 'utf8');
  try {
    return { state: said('state').trim(), failed: said('failed'), unitFiles: said('files') };
  } catch (error) {
    throw new TypeError(`${tree} does not boot:\n${console_}`, { cause: error });
  } finally {
    for (const path of [...places, 'look']) rmSync(join(tree, path), { recursive: true, force: true });
    rmSync(join(wants, 'look.service'));
  }
}

/** Gives what its console said. @param more options for systemd-nspawn */
export async function untilPoweredOff(tree: string, more: readonly string[] = []): Promise<string> {
  const args = [
    ...['--quiet', '--register=no', '--keep-unit', '--boot', '--directory', tree, `--machine=${basename(tree)}`],
    ...['--capability=all', '--private-network', '--console=pipe', '--resolv-conf=off', '--link-journal=no'],
    ...more,
  ];
  // systemd has needed cgroup v2 since 258, and the host may have both.
  const child = spawn('systemd-nspawn', args, { env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' } });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(limit);
  return text;
}
