/** The sessions in which unpacked packages are configured, as debootstrap's second stage does it (its scripts/debian-common). */

import { shellWords } from '../../model/shell-words.ts';

/** A package and what has to happen before it can be configured. */
export interface ScriptedPackage {
  readonly name: string;
  readonly arch: string;
  /** Those of its control files that matter before it is configured: file in dpkg's info directory -> the name it has then. */
  readonly preinst: Readonly<Record<string, string>> | null;
  /** File name of its .deb where dpkg has to unpack it; null when it is unpacked. */
  readonly deb: string | null;
}

/** Packages that dpkg learns of together, and configures together. */
export interface ConfigureBatch {
  readonly packages: readonly ScriptedPackage[];
  readonly configure: 'these' | 'pending' | 'all';
  /** Paths whose triggers their files activate, where nobody but us knows of it. */
  readonly triggers?: readonly string[];
}

/** What is bound into the tree for the time of a session. Programs name it, so it must be short. */
export const sessionPlace = '/.machinespawn';

/** Runs on the host, as `sh -c SCRIPT sh TREE`; the session's own script is at `sessionPlace`/session. */
export const outerScript = `set -e
tree=$1
device() { [ -e "$tree/dev/$1" ] || mknod -m 666 "$tree/dev/$1" c "$2" "$3"; }
device null 1 3
device zero 1 5
device full 1 7
device random 1 8
device urandom 1 9
device tty 5 0
device console 5 1
device ptmx 5 2
mkdir -p "$tree/dev/pts" "$tree/dev/shm" "$tree/run/mount"
ln -sfn /proc/self/fd "$tree/dev/fd"
ln -sfn /proc/self/fd/0 "$tree/dev/stdin"
ln -sfn /proc/self/fd/1 "$tree/dev/stdout"
ln -sfn /proc/self/fd/2 "$tree/dev/stderr"
[ ! -e "$tree${sessionPlace}/fstab" ] || mount --all --fstab "$tree${sessionPlace}/fstab"
yes '' | chroot "$tree" /bin/sh ${sessionPlace}/session
`;

const forceRequired = '--force-depends --force-configure-any';
const forceBase = '--force-confold --skip-same-version';

/** The required packages: `core` first, one after the other; dpkg knows all of them. Runs inside the tree. */
export function requiredSession(core: readonly ScriptedPackage[], required: ConfigureBatch): string {
  const names = core.map(({ name }) => name).join(' ');
  return textOf([
    ...[head, 'ln -sf mawk /usr/bin/awk', ...core.map(prepareRequired)],
    names === '' ? '' : `dpkg_ ${forceRequired} --configure ${names}`,
    '[ -e /etc/localtime ] || ln -sf /usr/share/zoneinfo/UTC /etc/localtime',
    // mawk's own script makes it, by way of the alternatives.
    '[ "$(readlink /usr/bin/awk)" != mawk ] || rm /usr/bin/awk',
    ...required.packages.map(prepareRequired),
    `dpkg_ ${forceRequired} --configure ${whichOf(required)}`,
  ]);
}

/** The others: dpkg learns of batch N from `sessionPlace`/status.N. Runs inside the tree. */
export function furtherSession(batches: readonly ConfigureBatch[]): string {
  const linesOf = (batch: ConfigureBatch, index: number): readonly string[] =>
    batch.packages.length === 0
      ? []
      : [
          `cat ${sessionPlace}/status.${index} >> /var/lib/dpkg/status`,
          ...batch.packages.map((one) => prepare(one, forceBase)),
          ...(batch.triggers ?? []).map((path) => `dpkg-trigger --no-await ${shellWords([path])} || exit 1`),
          `dpkg_ ${forceBase} --configure ${whichOf(batch)}`,
        ];
  return textOf([head, ...batches.flatMap(linesOf)]);
}

function textOf(lines: readonly string[]): string {
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

function whichOf({ packages, configure }: ConfigureBatch): string {
  if (configure === 'these') return packages.map(({ name }) => name).join(' ');
  return configure === 'all' ? '-a' : '--pending';
}

function prepareRequired(one: ScriptedPackage): string {
  return prepare(one, '--force-depends');
}

function prepare({ name, arch, preinst, deb }: ScriptedPackage, force: string): string {
  if (deb !== null) return `dpkg_ --force-overwrite ${force} --unpack ${sessionPlace}/debs/${deb}`;
  if (preinst === null) return '';
  const files = Object.entries(preinst).map(([from, to]) => ` ${from} ${to}`);
  return `preinst ${name} ${arch}${files.join('')}`;
}

// Descriptor 3 gets lines in the form of dpkg's --status-fd.
// debconf knows whose preinst it serves by what lies in tmp.ci, where dpkg has it, too.
const head = `cd /
export DPKG_ADMINDIR=/var/lib/dpkg DPKG_ROOT= DPKG_MAINTSCRIPT_DEBUG=0 DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1
dpkg_() { dpkg --force-unsafe-io --status-fd 3 "$@" || exit 1; }
ci=/var/lib/dpkg/tmp.ci
preinst() {
  name=$1 arch=$2
  shift 2
  echo "processing: preinst: $name" >&3
  mkdir $ci
  echo "Package: $name" > $ci/control
  while [ $# -gt 0 ]; do
    ln "/var/lib/dpkg/info/$1" "$ci/$2"
    shift 2
  done
  DPKG_MAINTSCRIPT_PACKAGE=$name DPKG_MAINTSCRIPT_ARCH=$arch DPKG_MAINTSCRIPT_NAME=preinst DPKG_RUNNING_VERSION=$v \\
    $ci/preinst install 3>&- || {
    echo "status: $name : error : preinst returned error exit status $?" >&3
    exit 1
  }
  rm -r $ci
}
v=$(dpkg-query --show --showformat='\${Version}' dpkg)`;
