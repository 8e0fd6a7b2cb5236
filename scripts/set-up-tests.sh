#!/bin/sh
# Installs what the tests need and this system lacks, and turns foreign-arch emulation on. Debian 12 and 13.
set -eu

packages="debootstrap mmdebstrap systemd-container udev dbus qemu-user-static binfmt-support btrfs-progs xfsprogs
  arch-test attr acl libcap2-bin e2fsprogs fdisk gpgv gnupg sqv openssl util-linux iproute2 wget xz-utils debian-archive-keyring tmux
  apt-cacher-ng curl bzip2 zstd isal pigz lbzip2 qemu-utils squashfs-tools xorriso mtools
  qemu-system-x86 ovmf"
BINFMT=/proc/sys/fs/binfmt_misc

# A user's PATH on Debian has no sbin.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

as_root=
if [ "$(id -u)" -ne 0 ]; then
  as_root=$(command -v sudo) || {
    echo 'The tests need root: run as root, or install sudo.' >&2
    exit 6
  }
fi

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=
for package in $packages; do
  is_installed "$package" || missing="$missing $package"
done

if [ -n "$missing" ]; then
  install="apt-get -y --no-install-recommends -o DPkg::Lock::Timeout=300 install$missing"
  echo "Installing what the tests need:"
  echo "  ${as_root:+sudo }apt-get -o DPkg::Lock::Timeout=300 update && ${as_root:+sudo }$install"
  # shellcheck disable=SC2086 # the words are split on purpose
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -q update
  # The tests start an apt-cacher-ng of their own. One that ran as a service would be found and used by every build.
  policy=
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    policy=/usr/sbin/policy-rc.d
    trap '$as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\n[ "$1" != apt-cacher-ng ] || exit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
  fi
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive $install
  [ -z "$policy" ] || $as_root rm -f "$policy"
  case $missing in
    *apt-cacher-ng*) [ ! -d /run/systemd/system ] || $as_root systemctl disable --quiet apt-cacher-ng ;;
  esac
fi

if [ ! -e "$BINFMT/register" ]; then
  $as_root mount -t binfmt_misc binfmt_misc "$BINFMT" || {
    echo "binfmt_misc cannot be mounted on $BINFMT: no foreign-arch tests here." >&2
    exit 6
  }
fi

has_emulators() { [ -e "$BINFMT/qemu-aarch64" ] && [ -e "$BINFMT/qemu-arm" ]; }

# Without systemd as PID 1 (a container) nobody has registered the emulators.
if ! has_emulators && command -v update-binfmts >/dev/null; then $as_root update-binfmts --enable || true; fi
if ! has_emulators && [ -x /usr/lib/systemd/systemd-binfmt ]; then $as_root /usr/lib/systemd/systemd-binfmt || true; fi
if ! has_emulators; then
  for conf in /usr/lib/binfmt.d/qemu-aarch64*.conf /usr/lib/binfmt.d/qemu-arm*.conf; do
    [ -e "$conf" ] || continue
    grep '^:' "$conf" | while IFS= read -r line; do
      printf '%s\n' "$line" | $as_root tee "$BINFMT/register" >/dev/null || true
    done
  done
fi
has_emulators || {
  echo 'The emulators for arm64 and armhf are not registered with the kernel (qemu-aarch64, qemu-arm).' >&2
  exit 6
}
echo 'The tests have what they need.'
