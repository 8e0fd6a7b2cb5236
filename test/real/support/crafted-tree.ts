/** A small root file system of the host's own programs, with every kind of file that an archive can hold. Root only. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

const script = String.raw`set -eu
cd "$1"
mkdir -p usr/bin usr/lib etc tmp root var/lib/empty dev proc sys run
ln -s usr/bin bin; ln -s usr/lib lib; ln -s usr/lib sbin
printf 'ID=crafted\nPRETTY_NAME="Crafted 1"\nVERSION_ID=1\n' > etc/os-release
printf 'root:x:0:0:root:/root:/bin/sh\n' > etc/passwd
printf 'root:x:0:\n' > etc/group
# Programs that run, with the libraries that they need.
for program in sh id cat; do
  cp "$(readlink -f "$(command -v $program)")" usr/bin/$program
  for library in $(ldd usr/bin/$program | grep -o '/[^ ]*'); do
    mkdir -p ".$(dirname "$(readlink -f "$(dirname "$library")")/x")"
    [ -e ".$library" ] || cp "$library" ".$(readlink -f "$(dirname "$library")")/"
  done
done
[ -e lib64 ] || ln -s usr/lib64 lib64
chmod 1777 tmp
# Kinds, owners and modes.
printf set > usr/bin/setuid; chown 1000:1001 usr/bin/setuid; chmod 4754 usr/bin/setuid
printf set > usr/bin/setgid; chown 0:42 usr/bin/setgid; chmod 2755 usr/bin/setgid
mkdir var/mail; chown 0:8 var/mail; chmod 2775 var/mail
printf secret > etc/shadow; chown 0:42 etc/shadow; chmod 0000 etc/shadow
mknod var/char c 1 3; chmod 0666 var/char; mknod var/block b 7 99; mkfifo -m 0620 var/fifo
printf ping > usr/bin/ping; setcap cap_net_raw+ep usr/bin/ping
printf acl > etc/acl; setfacl -m u:1234:rw,g:55:r etc/acl
mkdir etc/acl.d; setfacl -d -m u:1234:rwx etc/acl.d
setfattr -n user.comment -v 'with a
line end' etc/passwd
setfattr -n trusted.secret -v 0x00ff01 etc/group
# Links, in every direction.
printf one > var/one; ln var/one var/other; ln var/one etc/third
ln -s /etc/passwd etc/absolute; ln -s ../../../../etc/passwd var/upward; ln -s nowhere var/dangling; ln -s . var/self; ln -s ./one var/beside
# Sparse, long, strange.
truncate -s 40M var/sparse; printf x | dd of=var/sparse bs=1 seek=20000000 conv=notrunc status=none
for i in 1 2 3 4 5 6 7; do printf y | dd of=var/sparse bs=1 seek=$((i * 1000000)) conv=notrunc status=none; done
long=$(printf 'n%.0s' $(seq 120))
mkdir -p "var/$long/$long"; printf long > "var/$long/$long/$long"; ln -s "$long/$long/$long" "var/to-$long"
printf odd > "var/ spaced  name"; printf odd > 'var/new
line'; printf odd > var/ümlaut; printf odd > "$(printf 'var/\377latin')"; printf odd > 'var/-dash'
: > var/empty-file
touch -d '1999-12-31 23:59:59.123456789' var/one
touch -h -d 2001-02-03 etc/absolute
touch -d 2002-03-04 var/lib/empty .
`;

/** Makes it in an empty directory. */
export function makeCraftedTree(directory: string): void {
  mkdirSync(directory, { recursive: true });
  execFileSync('sh', ['-c', script, 'sh', directory], { env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' } });
}

/** As a careful person packs it. */
export function packTree(directory: string, archive: string, ...options: readonly string[]): void {
  // GNU's old format has no room for attributes.
  const attributes = options.includes('--format=gnu') ? [] : ['--xattrs', '--xattrs-include=*', '--acls'];
  const all = [...attributes, '--numeric-owner', '--sparse', ...options];
  execFileSync('tar', ['-C', directory, ...all, '-cf', archive, '.'], { env: { ...process.env, XZ_OPT: '-0' } });
}

/** What GNU tar as root makes of it. */
export function unpackTree(archive: string, directory: string): void {
  mkdirSync(directory, { recursive: true });
  const options = ['-p', '--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner'];
  execFileSync('tar', ['-C', directory, ...options, '-xf', archive]);
}
