/** With systemd as PID 1: a booted guest in which machinespawn runs, lists and removes a machine, and systemd-machined knows of it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diffTrees, listTree } from '../support/tree-listing.ts';
import { untilPoweredOff } from './support/boot-machine.ts';
import { makeCraftedTree, packTree } from './support/crafted-tree.ts';
import { startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { leaksOf } from './support/leaks.ts';
import { machinespawnOk, newPlace, program, type Place } from './support/machinespawn.ts';
import { sharedCache } from './support/shared-place.ts';

let mirror: CountingMirror;
let place: Place;
let guest: string;
let console_: string;

/** Each command writes what it said and its exit code to files of its own. */
const script = String.raw`#!/bin/sh
exec </dev/null
mkdir -p /out
say() { name=$1; shift; "$@" >/out/$name.out 2>/out/$name.err; echo $? >/out/$name.code; }
say booted test -d /run/systemd/system
say list /opt/node /opt/machinespawn/bin/machinespawn.cjs list --json
say images machinectl list-images --no-pager --no-legend
say run /opt/node /opt/machinespawn/bin/machinespawn.cjs run bread -- cat /etc/hostname /proc/1/comm
say code /opt/node /opt/machinespawn/bin/machinespawn.cjs run bread -- sh -c 'exit 42'
echo from-outside | /opt/node /opt/machinespawn/bin/machinespawn.cjs run bread -- cat >/out/stdin.out 2>/out/stdin.err
echo $? >/out/stdin.code
/opt/node /opt/machinespawn/bin/machinespawn.cjs run bread -- sleep 60 >/dev/null 2>/out/sleep.err &
sleeper=$!
for i in $(seq 100); do machinectl show bread >/dev/null 2>&1 && break; sleep 0.2; done
say running /opt/node /opt/machinespawn/bin/machinespawn.cjs list --json
say second /opt/node /opt/machinespawn/bin/machinespawn.cjs run bread -- true
say remove-running /opt/node /opt/machinespawn/bin/machinespawn.cjs remove -y bread
kill $sleeper; wait $sleeper
for i in $(seq 100); do machinectl show bread >/dev/null 2>&1 || break; sleep 0.2; done
say remove /opt/node /opt/machinespawn/bin/machinespawn.cjs remove -y bread
say after machinectl list-images --no-pager --no-legend
say left ls -A /var/lib/machines
say import machinectl import-tar --no-pager /opt/crafted.tar.gz crafted
systemctl poweroff --no-block
`;

const unit = `[Unit]
After=multi-user.target dbus.service
[Service]
Type=exec
ExecStart=/usr/local/bin/look
[Install]
WantedBy=multi-user.target
`;

const said = (name: string, stream: 'out' | 'err' | 'code' = 'out'): string =>
  readFileSync(join(guest, 'out', `${name}.${stream}`), 'utf8');
const ended = (name: string): unknown => ({ code: said(name, 'code').trim(), stderr: said(name, 'err') });

beforeAll(async () => {
  mirror = await startCountingMirror();
  place = newPlace('booted', { cache: sharedCache() });
  const build = (name: string, ...args: readonly string[]): readonly string[] => [
    ...['bootstrap', 'bookworm', name, '--variant', 'minbase', '--mirror', mirror.url],
    ...args,
  ];
  await machinespawnOk(place, build('guest', '--include', 'systemd,systemd-sysv,systemd-container,dbus'));
  await machinespawnOk(place, build('bread'));
  guest = join(place.machines, 'guest');
  const machines = join(guest, 'var/lib/machines');
  mkdirSync(machines, { recursive: true, mode: 0o700 });
  execFileSync('cp', ['-a', join(place.machines, 'bread'), machines]);
  writeFileSync(join(guest, 'usr/local/bin/look'), script, { mode: 0o755 });
  writeFileSync(join(guest, 'etc/systemd/system/look.service'), unit);
  const wants = join(guest, 'etc/systemd/system/multi-user.target.wants');
  mkdirSync(wants, { recursive: true });
  symlinkSync('../look.service', join(wants, 'look.service'));
  makeCraftedTree(join(place.root, 'crafted'));
  packTree(join(place.root, 'crafted'), join(guest, 'opt/crafted.tar.gz'), '-z');
  const node = `--bind-ro=${process.execPath}:/opt/node`;
  console_ = await untilPoweredOff(guest, [node, `--bind-ro=${dirname(dirname(program))}:/opt/machinespawn`]);
});
afterAll(async () => {
  await mirror.close();
});

describe('where systemd is PID 1', () => {
  it('the guest had booted', () => {
    expect(ended('booted'), console_).toEqual({ code: '0', stderr: '' });
  });

  it('the machine is listed, by us and by machinectl', () => {
    expect(ended('list')).toEqual({ code: '0', stderr: '' });
    expect(JSON.parse(said('list'))).toMatchObject([{ name: 'bread', state: 'stopped', arch: 'amd64' }]);
    expect(said('images')).toMatch(/^bread +directory /mu);
  });

  it('run passes output, exit code and stdin', () => {
    expect(ended('run')).toEqual({ code: '0', stderr: '' });
    expect(said('run').split('\n')[0]).toBe('bread');
    expect(ended('code')).toEqual({ code: '42', stderr: '' });
    expect(ended('stdin')).toEqual({ code: '0', stderr: '' });
    expect(said('stdin')).toBe('from-outside\n');
  });

  it('a machine that runs is known to systemd-machined, and neither run again nor removed', () => {
    expect(JSON.parse(said('running'))).toMatchObject([{ name: 'bread', state: 'running' }]);
    expect(ended('second')).toEqual({ code: '5', stderr: expect.stringContaining('MSP_MACHINE_RUNNING') });
    expect(ended('remove-running')).toEqual({ code: '5', stderr: expect.stringContaining('MSP_MACHINE_RUNNING') });
  });

  it("pull-tar makes the same of an archive as the system's own importer", async () => {
    expect(ended('import')).toMatchObject({ code: '0' });
    await machinespawnOk(place, ['pull-tar', join(guest, 'opt/crafted.tar.gz'), 'crafted']);
    const imported = await listTree(join(guest, 'var/lib/machines/crafted'));
    const pulled = await listTree(join(place.machines, 'crafted'));
    expect(pulled.size).toBeGreaterThan(40);
    // importd's tar may not set what only root may see, which GNU tar as root does.
    const onlyOurs = './etc/group: attributes [] / ["trusted.secret=0x00ff01"]';
    expect(diffTrees(imported, pulled, {})).toEqual([onlyOurs]);
  });

  it('remove removes it', async () => {
    expect(ended('remove')).toEqual({ code: '0', stderr: expect.stringContaining('bread') });
    expect(said('after')).not.toContain('bread');
    expect(said('left')).toBe('');
    expect(await leaksOf(place.root)).toEqual([]);
  });
});
