/**
 * The shell programs that unpack what nobody can trust. They see a tree of their own: the host's /usr, read-only, and
 * the one place that may be written to. The decompressor, which needs no file at all, runs as nobody.
 */

/** Makes the view: arguments are its place and what it may write to; they are shifted away. */
const makeView = `set -euf
view=$1 out=$2; shift 2
mount -t tmpfs -o mode=0755,size=4m tmpfs "$view"
for name in usr bin sbin lib lib32 lib64 libx32; do
  if [ -h "/$name" ]; then cp -P "/$name" "$view/$name"
  elif [ -d "/$name" ]; then
    mkdir "$view/$name"
    mount --bind "/$name" "$view/$name"
    mount -o remount,bind,ro "$view/$name"
  fi
done
mkdir "$view/out" "$view/dev"
if [ "$out" != - ]; then mount --bind "$out" "$view/out"; fi
mount -o remount,ro "$view"
`;

/**
 * Arguments: confined (yes/no), how many bytes of the archive count (or all), then the decompressor.
 * `decompress` reads the archive from descriptor 0, `decompress_file` from its path.
 */
const decompress = `confined=$1 most=$2; shift 2
decompress() {
  if [ "$confined" = none ]; then cat
  elif [ "$confined" = yes ]; then chroot --userspec=65534:65534 "$view" "$@" 3>&-
  else "$@" 3>&-
  fi
  echo "ms-status decompress $?" >&2
}
decompress_file() {
  if [ "$most" = all ]; then decompress "$@" < "$archive"
  else head -c "$most" "$archive" 3>&- | decompress "$@"
  fi
}
set +e
`;

/** Of tar, in blocks of 512 bytes: with the usual 20 it makes ten thousand calls for each 100 MB. */
const recordBlocks = 512;
const checkpointRecords = 256;

/** Options of tar, as a shell takes them: its list on descriptor 1, and on descriptor 2 how far it is. */
export const tarListing = `-b ${recordBlocks} -B --numeric-owner -vvR --quoting-style=c --warning=no-timestamp --checkpoint=${checkpointRecords} --checkpoint-action='echo=ms-read %u'`;

/**
 * tar lists what it unpacks on descriptor 3, and says on descriptor 2 how far it is. Its memory has a limit, since the
 * size of a name is what a header says. With -C of its own it would open and change directories five times for each file
 * (an ACL is set by path, and there is no /proc here); without TZ it looks for /etc/localtime for each line of the list.
 */
const unpackFrom = (feed: string): string => `${makeView}
archive=$1 count=$2; shift 2
options=
i=0
while [ $i -lt "$count" ]; do options="$options $1"; shift; i=$((i + 1)); done
${decompress}
${feed} | {
  # F_SETPIPE_SZ: with 64 KiB both ends mostly wait for each other.
  perl -e 'fcntl(STDIN, 1031, 1048576)' 2>/dev/null
  (
    ulimit -v 1048576
    exec chroot "$view" env -C /out TZ=UTC0 tar -x -f - -p --same-owner --xattrs --xattrs-include='*' --acls \\
      --delay-directory-restore ${tarListing} $options >&3 3>&-
  )
  echo "ms-status tar $?" >&2
  # What follows the end of the archive must not break the pipe.
  cat > /dev/null
}
exit 0`;

/** How many bytes of the archive a line on descriptor 2 says to have been read; 0 for other lines. */
export function bytesTold(line: string): number {
  const [, records = '0'] = /^tar: ms-read (\d+)$/u.exec(line) ?? [];
  return Number(records) * recordBlocks * 512;
}

/** What tar does not list, but says on descriptor 2: it would have left it out or changed it. Null for other lines. */
export function unsafeTold(line: string): { readonly entry: string; readonly problem: string } | null {
  const [, upward] = /^tar: "(.*)": Member name contains '\.\.'$/u.exec(line) ?? [];
  if (upward !== undefined) return { entry: upward, problem: "its name has '..' in it" };
  const [, prefix] = /^tar: Removing leading `(.*)' from hard link targets$/u.exec(line) ?? [];
  return prefix === undefined ? null : { entry: `${prefix}…`, problem: 'a hard link leads there, out of the tree' };
}

/** Arguments: view, out, archive, options of tar as one count and the words, then as for `decompress`. */
export const unpackScript = unpackFrom('decompress_file "$@"');

/**
 * The same for an archive that is still being written. Each line on standard input says that there is more of it;
 * after "end" it is read for the last time.
 */
export const followScript = unpackFrom(`{
  while read -r word; do
    cat <&7
    if [ "$word" = end ]; then break; fi
  done 7< "$archive"
} | decompress "$@"`);

/** Arguments: view, out (-), archive, then as for \`decompress\`. */
export const lookScript = `${makeView}
archive=$1; shift
${decompress}
decompress_file "$@" >&3
exit 0`;

/** Of what is written to a disk image before it is asked again what room there is, at least. */
export const leastPieceBytes = 4 * 1024 * 1024;

/**
 * Arguments: view, out, archive, bytes to leave free, then as for \`decompress\`. Writes out/image with holes where there
 * are zeros. What a few bytes unpack to must not take the disk from everybody else, so it is written in pieces that
 * there is room for; "ms-space FREE" on descriptor 2 when there is none. A limit to the ratio would not do: a large disk
 * that is formatted and empty has more than ten thousand times its packed size, and holes cost nothing.
 */
export const writeImageScript = `${makeView}
archive=$1 spare=$2; shift 2
${decompress}
decompress_file "$@" | {
  exec 3>&-
  block=262144 at=0
  while :; do
    set -- $(stat -f -c '%a %S' "$out")
    room=$(((\${1:-0} * \${2:-0} - spare) / block))
    if [ "$room" -lt $((${leastPieceBytes} / block)) ]; then
      echo "ms-space $((\${1:-0} * \${2:-0}))" >&2
      exit 0
    fi
    if [ "$room" -gt 4096 ]; then room=4096; fi
    dd of="$out/image" bs=$block count=$room seek=$at iflag=fullblock conv=sparse,notrunc status=none
    code=$?
    at=$((at + room))
    # A shorter piece is the last one.
    if [ "$code" != 0 ] || [ "$(stat -c %s "$out/image")" != $((at * block)) ]; then break; fi
  done
  echo "ms-status write $code" >&2
  cat > /dev/null
}
exit 0`;
