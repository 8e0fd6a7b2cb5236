/** How a program is wrapped so that nothing of it outlives us: no process, no mount. Each part alone leaks. */

/*
 * Descriptors of the init:
 *   3   the lease: lines are signal names, its end kills the namespace
 *   4   the status pipe, which becomes the program's own descriptor 3
 *   5   where it keeps standard input, since a shell gives its background jobs /dev/null
 *   10… locks, which the program inherits: none is free before everything in the sandbox is dead
 */

/**
 * For execa: `first` and then the locks, of which none gets a number that scripts may want. A shell such as dash knows no
 * number above 9, so that mmdebstrap failed where too many of the others were taken.
 */
export function withLocks<T>(first: readonly T[], locks: readonly number[]): readonly (T | number | 'ignore')[] {
  if (locks.length === 0) return first;
  return [...first, ...Array.from({ length: 10 - first.length }, () => 'ignore' as const), ...locks];
}

export interface SandboxBind {
  readonly from: string;
  readonly to: string;
  readonly readOnly?: boolean;
}

// Arguments: mounts as triples (mode, from, to), then "--", then the program.
// "keep": stays writable where "seal" makes all file systems read-only, those of the kernel's own making but for their devices.
const makeMounts = `umask 022
kept=
while [ "$1" != -- ]; do
  if [ "$1" = memory ]; then
    mkdir -p -- "$3" && mount -t tmpfs -o mode=0755 tmpfs "$3" || exit 125
    kept="$kept:$3:"
    shift 3
    continue
  fi
  if [ "$1" = seal ]; then
    while read -r _ _ _ _ point _; do
      point=$(printf '%b' "$point")
      case $point in /proc|/proc/*|/sys|/sys/*|/dev|/dev/*) continue;; esac
      case $kept in *":$point:"*) continue;; esac
      mount -o remount,bind,ro -- "$point" 2>/dev/null
    done < /proc/self/mountinfo
    shift 3
    continue
  fi
  if [ "$1" = keep ]; then
    kept="$kept:$2:"
    mount --rbind -- "$2" "$3" || exit 125
    shift 3
    continue
  fi
  mount --bind -- "$2" "$3" || exit 125
  if [ "$1" = ro ]; then mount -o remount,bind,ro -- "$3" || exit 125; fi
  shift 3
done
shift`;

// Runs as PID 1 of the namespace: a program that is PID 1 itself would not die of its own signals.
const init = (statusRedirection: string): string => `trap 'exit 137' USR1
${makeMounts}
( trap '' TERM INT HUP
  while read -r m <&3; do case $m in TERM|INT|HUP) kill -$m -1;; esac; done
  kill -USR1 1 ) </dev/null >/dev/null 2>&1 4>&- &
exec 5<&0
"$@" ${statusRedirection} <&5 5<&- & p=$!
while :; do wait $p; rc=$?; kill -0 $p 2>/dev/null || break; done
exit $rc`;

// The program stays in the foreground, since a shell lets its background jobs ignore SIGINT. So the shell
// cannot act on a signal while the program runs, and the watcher kills everything but PID 1 instead.
const terminalInit = `${makeMounts}
( trap '' TERM INT HUP QUIT
  while read -r m <&3; do case $m in TERM|INT|HUP) kill -$m -1;; esac; done
  kill -KILL -1 ) </dev/null >/dev/null 2>&1 &
env --default-signal=INT,QUIT "$@" 3<&-
exit $?`;

export interface SandboxOptions {
  readonly binds?: readonly SandboxBind[];
  /** When it is given, all the rest of the disk is read-only. */
  readonly writable?: readonly string[];
  /** Directories that are empty and in memory inside. */
  readonly memory?: readonly string[];
  /** Is there a status pipe at descriptor 4? */
  readonly status?: boolean;
  /** The program uses the caller's terminal. */
  readonly terminal?: boolean;
}

/** The argv that runs `command` in its own mount and PID namespace. */
export function sandboxArgv(command: readonly string[], options: SandboxOptions = {}): readonly string[] {
  const binds = (options.binds ?? []).flatMap(({ from, to, readOnly }) => [readOnly === true ? 'ro' : 'rw', from, to]);
  const seal = options.writable === undefined ? [] : sealed(options.writable);
  const memory = (options.memory ?? []).flatMap((path) => ['memory', '', path]);
  const script = options.terminal === true ? terminalInit : init(options.status === true ? '3>&4 4>&-' : '3<&- 4>&-');
  return [
    // Ctrl-C reaches all of them: unshare would hold it back, and die of it in the end.
    ...(options.terminal === true ? ['env', '--ignore-signal=INT,QUIT'] : []),
    ...['setpriv', '--pdeathsig', 'KILL', '--'],
    ...['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child=KILL', '--mount-proc', '--'],
    ...['sh', '-c', script, 'ms-init', ...memory, ...seal, ...binds, '--', ...command],
  ];
}

function sealed(writable: readonly string[]): readonly string[] {
  return [...writable.flatMap((path) => ['keep', path, path]), 'seal', '', ''];
}
