import { runTool } from './run-tool.ts';

const script = String.raw`
set -eu
cd "$1"
umask 022
mkdir -p usr/bin usr/lib/deep/deeper usr/share/empty etc var/log dev home/user opaque/inner renamed/inner replaced
chmod 0750 home/user; chown 1000:1001 home/user
chmod 1777 var/log; chmod 2755 usr/share/empty; chgrp 42 usr/share/empty; chmod 2755 usr/share/empty
for n in $(seq 1 40); do head -c $((n * 3001)) /dev/urandom > usr/lib/deep/lib$n.so; head -c $((n * 2999)) /dev/urandom > usr/bin/tool$n; done
echo suid > usr/bin/su; chown 0:42 usr/bin/su; chmod 4754 usr/bin/su
echo sgid > usr/bin/chage; chown 0:42 usr/bin/chage; chmod 2755 usr/bin/chage
echo ping > usr/bin/ping; setcap cap_net_raw+ep usr/bin/ping
echo none > etc/shadow; chmod 0000 etc/shadow; chgrp 42 etc/shadow
echo acl > etc/acl; setfacl -m u:1000:rw,g:42:r etc/acl
setfacl -d -m u:1000:rwx var/log; setfacl -m u:1000:rx usr/lib
setfattr -n user.note -v value etc/acl; setfattr -n trusted.note -v deep usr/lib/deep
setfattr -n user.top -v top .
echo linked > usr/bin/perl; ln usr/bin/perl usr/bin/perl5; ln usr/bin/perl usr/lib/deep/deeper/perl-far; ln usr/bin/perl home/perl-farther
ln -s ../bin usr/lib/link; ln -s /absolute/nowhere etc/dangling; ln -s usr/bin bin; ln etc/dangling etc/dangling-twin; chown -h 5:6 etc/dangling
mknod dev/null c 1 3; chmod 666 dev/null; mknod dev/loop0 b 7 0; chgrp 6 dev/loop0; mkfifo -m 0622 dev/fifo
truncate -s 64M var/sparse; printf tail | dd of=var/sparse bs=1 seek=50000000 conv=notrunc status=none
: > etc/empty
echo x > "etc/$(printf 'n%.0s' $(seq 1 255))"
echo x > "etc/$(printf 'latin\351\377')"; mkdir "$(printf 'top\376dir')"; echo y > "$(printf 'top\376dir')/file"
echo x > $'etc/new\nline'; echo x > 'etc/blank and "quote"'; echo x > etc/-dash; echo x > 'etc/back\slash'; echo x > etc/ünïcode
echo one > opaque/inner/one; echo two > renamed/inner/two; echo three > replaced/three; echo four > etc/goes
find . -depth -print0 | xargs -0 touch -h -d '2011-03-04 05:06:07.123456789'
touch -d '1999-12-31 23:59:59.000000001' etc/acl usr/lib usr
touch -d '2038-02-01 00:00:00.5' .
`;

/** Fills a directory with every kind of entry that a root file system can hold. */
export async function makeTortureTree(directory: string): Promise<void> {
  await runTool('bash', ['--norc', '-c', script, 'bash', directory]);
}

/** The same without names that make a copy in two parts impossible. */
export async function makePlainTree(directory: string): Promise<void> {
  await makeTortureTree(directory);
  await runTool('bash', ['--norc', '-c', String.raw`cd "$1"; rm -r "$(printf 'top\376dir')"`, 'bash', directory]);
}

const changes = String.raw`
set -eu
cd "$1"
rm etc/goes usr/bin/tool7
rm -r opaque; mkdir opaque; echo new > opaque/new
mv renamed moved
rm -r replaced; echo now-a-file > replaced
rm etc/empty; mkdir etc/empty; echo in > etc/empty/in
chmod 0700 home/user; chown 7:8 usr/bin/tool3
chmod 4755 usr/bin/tool4
echo more >> usr/lib/deep/lib5.so
setfattr -n user.added -v x usr/bin/tool6
setcap cap_net_admin+ep usr/bin/ping
ln usr/bin/tool8 usr/bin/tool8-twin
ln -sfn ../elsewhere usr/lib/link
mknod dev/tty c 5 0
rm home/perl-farther
touch -d '2020-01-01 01:01:01.000000002' usr/share
`;

/** What a step does to a tree: delete, rename a directory, replace, chmod, an opaque directory, a new capability. */
export async function changeTree(directory: string): Promise<void> {
  await runTool('bash', ['--norc', '-c', changes, 'bash', directory]);
}
