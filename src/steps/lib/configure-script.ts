/** The session in which unpacked packages are configured, in debootstrap's order (its scripts/debian-common). */

export interface ConfigurePlan {
  /** Packages that come first, one after the other. */
  readonly core: readonly ScriptedPackage[];
  /** Configured together, before the rest is made known to dpkg. */
  readonly required: readonly ScriptedPackage[];
  readonly rest: readonly ScriptedPackage[];
  /** Left to dpkg, in an order that respects Pre-Depends. */
  readonly later: readonly {
    readonly name: string;
    readonly deb: string;
    readonly configureFirst: readonly string[];
  }[];
}

export interface ScriptedPackage {
  readonly name: string;
  readonly arch: string;
  /** Path of its preinst inside the tree; null when it has none. */
  readonly preinst: string | null;
}

/** What is bound into the tree for the time of the session. */
export const sessionPlace = '/.machinespawn-session';

/** Runs on the host, as `sh -c SCRIPT sh TREE`; SESSION's own script is at `sessionPlace`/session. */
export const outerScript = `set -e
tree=$1
device() { [ -e "$tree/dev/$1" ] || { mknod -m "$5" "$tree/dev/$1" "$2" "$3" "$4" && chown 0:"$6" "$tree/dev/$1"; }; }
device null c 1 3 666 0
device zero c 1 5 666 0
device full c 1 7 666 0
device random c 1 8 666 0
device urandom c 1 9 666 0
device tty c 5 0 666 0
device console c 5 1 666 0
device ptmx c 5 2 666 0
mkdir -p "$tree/dev/pts" "$tree/dev/shm" "$tree/run/mount"
ln -sf /proc/self/fd "$tree/dev/fd"
ln -sf /proc/self/fd/0 "$tree/dev/stdin"
ln -sf /proc/self/fd/1 "$tree/dev/stdout"
ln -sf /proc/self/fd/2 "$tree/dev/stderr"
yes '' | chroot "$tree" /bin/sh ${sessionPlace}/session
`;

const forceRequired = '--force-depends --force-configure-any';
const forceBase = '--force-confold --skip-same-version';

/** Runs inside the tree. Descriptor 3 gets lines in the form of dpkg's --status-fd. */
export function sessionScript({ core, required, rest, later }: ConfigurePlan): string {
  const names = (packages: readonly ScriptedPackage[]): string => packages.map(({ name }) => name).join(' ');
  const lines = [
    ...[head, 'ln -sf mawk /usr/bin/awk', ...preinsts(core)],
    ...(core.length === 0 ? [] : [`dpkg_ ${forceRequired} --configure ${names(core)}`]),
    '[ -e /etc/localtime ] || ln -sf /usr/share/zoneinfo/UTC /etc/localtime',
    // mawk's own script makes it, by way of the alternatives.
    '[ "$(readlink /usr/bin/awk)" = mawk ] && rm /usr/bin/awk',
    ...preinsts(required),
    `dpkg_ ${forceRequired} --configure --pending`,
    `cat ${sessionPlace}/status >> /var/lib/dpkg/status`,
    ...preinsts(rest),
    ...later.flatMap(({ deb, configureFirst }) => [
      ...(configureFirst.length === 0 ? [] : [`dpkg_ ${forceBase} --configure ${configureFirst.join(' ')}`]),
      `dpkg_ --force-overwrite ${forceBase} --unpack ${sessionPlace}/debs/${deb}`,
    ]),
    ...(rest.length + later.length === 0 ? [] : [`dpkg_ ${forceBase} --configure -a`]),
  ];
  return `${lines.join('\n')}\n`;
}

const head = `export DPKG_ADMINDIR=/var/lib/dpkg DPKG_ROOT= DPKG_MAINTSCRIPT_DEBUG=0 DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1
dpkg_() { dpkg --force-unsafe-io --status-fd 3 "$@" || exit 1; }
preinst() {
  echo "processing: preinst: $1" >&3
  DPKG_MAINTSCRIPT_PACKAGE=$1 DPKG_MAINTSCRIPT_ARCH=$2 DPKG_MAINTSCRIPT_NAME=preinst DPKG_RUNNING_VERSION=$v "$3" install 3>&- && return
  echo "status: $1 : error : preinst returned error exit status $?" >&3
  exit 1
}
cd /
v=$(dpkg-query --show --showformat='\${Version}' dpkg)`;

function preinsts(packages: readonly ScriptedPackage[]): readonly string[] {
  return packages.flatMap(({ name, arch, preinst }) =>
    preinst === null ? [] : [`preinst ${name} ${arch} ${preinst}`],
  );
}
