/** One machine by the fast way and by debootstrap's: are they equal, and do they stay so in use? */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Arch } from '../../../src/model/arch.ts';
import type { EqualityCell } from '../../../src/model/proven-equal.ts';
import { debFile } from '../../support/deb-file.ts';
import { bootMachine, type Booted } from './boot-machine.ts';
import { compareMachines, type CompareOptions } from './compare-machines.ts';
import { machinespawnOk, type Place } from './machinespawn.ts';

/** Architectures that the host runs without an emulator. */
const nativeArchs: readonly Arch[] = ['amd64', 'i386'];

export const isNative = ({ arch }: EqualityCell): boolean => nativeArchs.includes(arch);
export const cellName = ({ codename, variant, arch }: EqualityCell): string => `${codename} ${variant} ${arch}`;

export interface EqualityRequest {
  readonly cell: EqualityCell;
  readonly mirror: string;
  /** More options for `bootstrap`. */
  readonly more?: readonly string[];
  /** Also install, upgrade and purge packages in both, and compare again. */
  readonly inUse: boolean;
  /** Also boot both, and compare what runs. */
  readonly boot: boolean;
}

/** What was found; `differences` are empty when they are equal. */
export interface EqualityAnswer {
  readonly way: string;
  readonly packages: number;
  /** Files, directories and all else that was compared. */
  readonly entries: number;
  readonly differences: readonly string[];
  /** What dpkg and apt complain of in either machine. */
  readonly complaints: string;
  /** Of both after packages were installed, upgraded and purged; null when that was not asked for. */
  readonly differencesInUse: readonly string[] | null;
  /** Of the machine of the fast way and of the other one; null when that was not asked for. */
  readonly booted: readonly Booted[] | null;
}

/** Builds both and removes them again. */
export async function judgeEquality(place: Place, request: EqualityRequest): Promise<EqualityAnswer> {
  const { cell, mirror, more = [], inUse, boot } = request;
  const label = cellName(cell).replaceAll(' ', '-');
  const [fast, plain] = [`${label}-fast`, `${label}-plain`];
  const build = async (name: string, way: string): Promise<string> => {
    const { codename, variant, arch } = cell;
    const asked = ['bootstrap', codename, name, arch, '--variant', variant, '--mirror', mirror, '--suites', 'none'];
    return (await machinespawnOk(place, [...asked, ...more, ...lateIndex(cell), '--with', way])).stderr;
  };
  const way = /way +ok: (.*) \(/u.exec(await build(fast, 'auto'))?.[1] ?? '';
  await build(plain, 'debootstrap');
  const [fastTree, plainTree] = [join(place.machines, fast), join(place.machines, plain)];
  const usual = { differentNames: true, differentWays: true };
  const compare = async (options: CompareOptions): Promise<readonly string[]> => [
    ...(await compareMachines(plainTree, fastTree, { ...usual, ...options })),
    ...compareStatus(plainTree, fastTree, options.used === true ? withoutOverrides : (text) => text),
  ];
  const status = readFileSync(join(fastTree, 'var/lib/dpkg/status'), 'utf8');
  const packages = status.match(/^Status: install ok installed$/gmu)?.length ?? 0;
  const entries = Number(execFileSync('sh', ['-c', 'find . | wc -l'], { cwd: fastTree, encoding: 'utf8' }));
  const differences = await compare({});
  let complaints = '';
  for (const name of [fast, plain]) complaints += (await inMachine(place, name, audit)).trim();
  let differencesInUse: readonly string[] | null = null;
  if (inUse) {
    for (const name of [fast, plain]) await live(place, name, cell);
    differencesInUse = await compare({ used: true });
  }
  const booted: Booted[] = [];
  for (const tree of boot ? [fastTree, plainTree] : []) booted.push(await bootMachine(tree));
  await machinespawnOk(place, ['remove', '-y', fast, plain]);
  return { way, packages, entries, differences, complaints, differencesInUse, booted: boot ? booted : null };
}

/**
 * debootstrap leaves the archive's words on each package in dpkg's file "available", and dpkg takes priority and section from
 * there as soon as it installs another one. apt has no use for either.
 */
const withoutOverrides = (text: string): string => text.replaceAll(/^(?:Priority|Section): .*\n/gmu, '');

/** Package by package, for who has to find out why. */
function compareStatus(one: string, other: string, simplify: (text: string) => string): readonly string[] {
  const [left = [], right = []] = [one, other].map((tree) =>
    simplify(readFileSync(join(tree, 'var/lib/dpkg/status'), 'utf8')).split('\n\n'),
  );
  const only = (these: readonly string[], those: readonly string[], where: string): readonly string[] =>
    these.filter((stanza) => !those.includes(stanza)).map((stanza) => `status of the ${where}: ${stanza}`);
  return [...only(left, right, 'first'), ...only(right, left, 'second')];
}

/** Their index is over after a week, and the mirror at hand may be asleep: that is not what is tested here. */
function lateIndex({ codename }: EqualityCell): readonly string[] {
  return codename === 'forky' || codename === 'sid' ? ['--check-valid-until', 'no'] : [];
}

const audit = 'dpkg --audit; dpkg --verify; apt-get check 2>&1 >/dev/null';

async function inMachine(place: Place, name: string, script: string): Promise<string> {
  return (await machinespawnOk(place, ['run', name, '--', 'sh', '-c', script])).stdout;
}

/** From the archive, and from files: a new version of a package with a conffile, scripts, a trigger and a diversion. */
const life = `exec 2>&1; set -e; export DEBIAN_FRONTEND=noninteractive
apt_get() { apt-get -qq -y -o Acquire::Check-Valid-Until=no "$@"; }
apt_get update
apt_get install hello libpam-tmpdir
hello
apt_get install /root/demo/demo_1.deb
dpkg --compare-versions "$(dpkg-query -Wf '\${Version}' demo)" eq 1
apt_get install /root/demo/demo_2.deb
test -e /usr/share/demo/second; test ! -e /usr/share/demo/first; grep -q 'upgrade 1' /root/demo.log
test "$(dpkg-divert --truename /usr/bin/hello)" = /usr/bin/hello.demo
dpkg --audit; dpkg --verify; apt-get check -qq
apt_get purge demo hello libpam-tmpdir
apt_get autoremove
test ! -e /etc/demo.conf; test -z "$(dpkg-divert --list '*hello*')"
apt_get install --reinstall dash
rm -r /root/demo
dpkg --audit; dpkg --verify; apt-get check -qq
test ! -e /usr/sbin/policy-rc.d
echo all is well`;

async function live(place: Place, name: string, cell: EqualityCell): Promise<void> {
  const directory = join(place.machines, name, 'root/demo');
  mkdirSync(directory);
  for (const version of ['1', '2']) writeFileSync(join(directory, `demo_${version}.deb`), demoDeb(version));
  const said = await inMachine(place, name, life);
  if (said.trimEnd().split('\n').at(-1) !== 'all is well') throw new TypeError(`${cellName(cell)}: ${said}`);
}

function demoDeb(version: string): Buffer {
  const log = (what: string): string => `#!/bin/sh\necho ${what} "$@" >> /root/demo.log\n`;
  const isFirst = version === '1';
  return debFile({
    control: `Package: demo\nVersion: ${version}\nArchitecture: all\nMaintainer: A <a@b>\nDepends: hello\nDescription: demo\n`,
    scripts: {
      conffiles: '/etc/demo.conf\n',
      preinst: `${log('preinst')}dpkg-divert --package demo --add --rename --divert /usr/bin/hello.demo /usr/bin/hello\n`,
      postinst: `${log('postinst')}dpkg-trigger --by-package=demo ldconfig\n`,
      prerm: log('prerm'),
      postrm: `${log('postrm')}[ "$1" != remove ] || dpkg-divert --package demo --remove --rename /usr/bin/hello\n`,
    },
    files: [
      { path: './usr/share/demo/', content: '', mode: 0o755, kind: 'directory' },
      { path: './etc/demo.conf', content: `version ${version}\n`, mode: 0o644 },
      { path: `./usr/share/demo/${isFirst ? 'first' : 'second'}`, content: version, mode: 0o644 },
    ],
  });
}
