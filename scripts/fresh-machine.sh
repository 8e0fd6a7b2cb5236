#!/bin/sh
# Acceptance as on a fresh machine: a Debian root file system with node, npm, git, sudo and nothing else of ours, a clean
# clone of HEAD in it, and README's commands there, as root and as a user with sudo.
#
#   scripts/fresh-machine.sh [--suite bookworm|trixie]... [--as root|user]... [--test] [--keep] [--work DIR]
#
# Needs root, debootstrap, unshare. Everything stays below --work; the mounts die with the script.
set -eu

usage() {
  sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

suites=
people=
work=${TMPDIR:-/tmp}/machinespawn-fresh
with_tests=
keep=
while [ $# -gt 0 ]; do
  case $1 in
    --suite) suites="$suites ${2:?}" && shift ;;
    --as) people="$people ${2:?}" && shift ;;
    --work) work=${2:?} && shift ;;
    --test) with_tests=yes ;;
    --keep) keep=yes ;;
    *) usage ;;
  esac
  shift
done
suites=${suites:-bookworm trixie}
people=${people:-root user}
[ "$(id -u)" -eq 0 ] || { echo 'This needs root.' >&2 && exit 6; }

project=$(cd "$(dirname "$0")/.." && pwd)

# What makes the network work here must work in there, too: copied as it is, and named nowhere.
hand_in() { # ROOT
  cp -L /etc/resolv.conf /etc/hosts "$1/etc/"
  echo '127.0.1.1 fresh' >> "$1/etc/hosts"
  mkdir -p "$1/etc/apt/apt.conf.d" "$1/usr/local/share/ca-certificates" "$1/usr/local/etc"
  for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
    [ ! -f "$file" ] || [ -e "$1$file" ] || cp "$file" "$1$file"
  done
  for file in /usr/local/share/ca-certificates/*.crt; do
    [ ! -f "$file" ] || cp "$file" "$1$file"
  done
  npmrc=${NPM_CONFIG_USERCONFIG:-$HOME/.npmrc}
  if [ -f "$npmrc" ]; then
    # The file as a whole: settings of the machine and of the user are told apart by nothing else.
    install -m 0644 "$npmrc" "$1/etc/npmrc"
  fi
  : > "$1/etc/fresh-environment"
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    eval "value=\${$name-}"
    [ -z "$value" ] || printf "export %s='%s'\n" "$name" "$value" >> "$1/etc/fresh-environment"
  done
  for file in "${NODE_EXTRA_CA_CERTS-}" "${SSL_CERT_FILE-}" "${npm_config_cafile-}"; do
    [ -n "$file" ] && [ -f "$file" ] || continue
    install -D -m 0644 "$file" "$1/etc/fresh-ca.crt"
    echo 'export NODE_EXTRA_CA_CERTS=/etc/fresh-ca.crt npm_config_cafile=/etc/fresh-ca.crt' >> "$1/etc/fresh-environment"
    break
  done
}

make_root() { # SUITE ROOT
  [ ! -e "$2/.whole" ] || return 0
  rm -rf --one-file-system "$2"
  mkdir -p "$work/packages"
  debootstrap --variant=minbase --include=ca-certificates --cache-dir="$work/packages" \
    "$1" "$2" http://deb.debian.org/debian > "$work/$1.log" 2>&1 || { tail -20 "$work/$1.log" >&2 && exit 1; }
  hand_in "$2"
  # Through apt: debootstrap cannot order the many packages that npm needs.
  unshare --mount --pid --fork --kill-child --propagation private /bin/sh -eu -c '
    mount -t proc proc "$1/proc"
    export DEBIAN_FRONTEND=noninteractive
    chroot "$1" apt-get -q update
    chroot "$1" apt-get -q -y --no-install-recommends install nodejs npm git sudo
    chroot "$1" apt-get clean
  ' sh "$2" >> "$work/$1.log" 2>&1 || { tail -20 "$work/$1.log" >&2 && exit 1; }
  chroot "$2" /usr/sbin/update-ca-certificates > /dev/null
  chroot "$2" /usr/sbin/useradd --create-home --shell /bin/bash baker
  echo 'baker ALL=(ALL) NOPASSWD: ALL' > "$2/etc/sudoers.d/baker"
  touch "$2/.whole"
}

# The commands, as a person types them.
write_session() { # FILE
  cat > "$1" << 'SESSION'
set -eu
. /etc/fresh-environment
cd ~/machinespawn
say() { printf '\n--- [%s, node %s] $ %s\n' "$(id -un)" "$(node --version)" "$*"; }
root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

say 'npm ci && npx machinespawn -y debian-bookworm bread'
npm ci && npx machinespawn -y debian-bookworm bread
say 'npx machinespawn run bread -- cat /etc/os-release'
npx machinespawn run bread -- cat /etc/os-release | tee /tmp/os-release
grep -qx 'VERSION_CODENAME=bookworm' /tmp/os-release
say 'npx machinespawn list --json'
root npx machinespawn list --json | tee /tmp/list.json
node -e '
  const [bread] = JSON.parse(require("fs").readFileSync("/tmp/list.json"));
  if (bread.name !== "bread" || bread.state !== "stopped") throw new Error("bread is not in the list as it should be");'
say 'npx machinespawn debian-bookworm toast'
npx machinespawn -y debian-bookworm toast
[ "$(root cat /var/lib/machines/bread/etc/machine-id)" != "$(root cat /var/lib/machines/toast/etc/machine-id)" ]
[ "$(root cat /var/lib/machines/toast/etc/hostname)" = toast ]
say 'npx machinespawn remove -y bread toast'
npx machinespawn remove -y bread toast
[ -z "$(root ls /var/lib/machines)" ]
if [ "${WITH_TESTS-}" = yes ]; then
  say 'npm ci && npm test'
  npm ci && npm test
fi
printf '\n--- all well as %s\n' "$(id -un)"
SESSION
}

one() { # SUITE PERSON
  root=$work/$1
  machine=$work/$1-$2
  make_root "$1" "$root" || return 1
  rm -rf --one-file-system "$machine"
  cp -a --reflink=auto "$root" "$machine"
  home=/root
  [ "$2" = root ] || home=/home/baker
  git clone --quiet --no-hardlinks "$project" "$machine$home/machinespawn" || return 1
  git -C "$machine$home/machinespawn" remote remove origin
  write_session "$machine/session"
  [ "$2" = root ] || chroot "$machine" /usr/bin/chown -R baker:baker "$home/machinespawn"
  login=root
  [ "$2" = root ] || login=baker
  # A PID and mount namespace of its own: whatever the session leaves behind dies with it.
  unshare --mount --pid --fork --kill-child --uts --ipc --propagation private /bin/sh -eu -c '
    machine=$1 login=$2
    hostname fresh
    mount --bind "$machine" "$machine"
    cd "$machine"
    mount -t proc proc proc
    mount --rbind /sys sys
    mount --rbind /dev dev
    mount -t tmpfs -o mode=755 tmpfs run
    mkdir -m 1777 run/lock
    # The root itself must be a mount, or nothing inside can pivot or make its mounts private.
    mkdir -p .old && pivot_root . .old
    cd / && umount -l /.old && rmdir /.old
    exec env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM="${TERM:-dumb}" \
      LANG=C.UTF-8 su - "$login" -c "WITH_TESTS=$3 sh /session"
  ' sh "$machine" "$login" "$with_tests" || return 1
  [ -n "$keep" ] || rm -rf --one-file-system "$machine"
}

mkdir -p "$work"
failed=
for suite in $suites; do
  for person in $people; do
    if one "$suite" "$person" < /dev/null; then
      echo "ok      $suite $person"
    else
      echo "FAILED  $suite $person"
      failed=yes
    fi
  done
done
[ -z "$failed" ]
