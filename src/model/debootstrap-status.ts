/**
 * Reads what debootstrap writes to descriptor 3 with --debian-installer: progress and messages with codes.
 * Until it has read its options it writes the same lines to stderr instead: feed those to a second parser.
 */

export interface DebootstrapProgress {
  readonly kind: 'progress';
  /** debootstrap's word: "DOWNDEBS". */
  readonly code: string;
  /** Ours: "downloading packages". */
  readonly phase: string;
  readonly done: number;
  /** 0 when there is nothing to do, as in the last phase of minbase. */
  readonly total: number;
  readonly unit: 'bytes' | 'items' | 'percent';
}

export interface DebootstrapMessage {
  readonly kind: 'message';
  readonly level: 'info' | 'warning' | 'error';
  /** Stable across versions and languages: "NOGETREL". */
  readonly code: string;
  readonly args: readonly string[];
  /** The sentence, without line breaks. */
  readonly text: string;
}

export type DebootstrapStatus = DebootstrapProgress | DebootstrapMessage;

const phases: Readonly<Record<string, readonly [phase: string, unit: DebootstrapProgress['unit']]>> = {
  DOWNREL: ['reading the release file', 'percent'],
  DOWNRELSIG: ['checking the signature', 'percent'],
  DOWNPKGS: ['downloading package lists', 'bytes'],
  DOWNMAINPKGS: ['downloading package lists', 'percent'],
  SIZEDEBS: ['choosing packages', 'items'],
  DOWNDEBS: ['downloading packages', 'bytes'],
  EXTRACTPKGS: ['extracting packages', 'items'],
  INSTCORE: ['installing core packages', 'items'],
  UNPACKREQ: ['unpacking required packages', 'items'],
  CONFREQ: ['configuring required packages', 'items'],
  UNPACKBASE: ['unpacking the base system', 'items'],
  CONFBASE: ['configuring the base system', 'items'],
};

const levels = { I: 'info', W: 'warning', E: 'error' } as const;

/** One parser per stream. Give it each line; what is nothing, or not whole yet, is null. */
export function createDebootstrapStatusParser(): (line: string) => DebootstrapStatus | null {
  let last: DebootstrapProgress | null = null;
  let open: { level: keyof typeof levels; code: string; args: string[] } | null = null;

  return (line) => {
    const progress = /^P: (\d+) (\d+)(?: (\w+))?$/u.exec(line);
    if (progress) {
      // Within a download only the numbers are repeated.
      const code = progress[3] ?? last?.code;
      if (code === undefined) return null;
      const now = progressOf(code, Number(progress[1]), Number(progress[2]));
      // At the end of a download debootstrap says 0 once more: the count was kept in a subshell.
      const isBack = last !== null && last.code === code && last.total === now.total && last.done > now.done;
      if (!isBack) last = now;
      return last;
    }
    const message = /^([IWE])([AF]?): (.*)$/u.exec(line);
    if (!message) return null;
    const level = message[1] as keyof typeof levels;
    const rest = message[3] ?? '';
    if (message[2] === '') {
      open = /^\w+$/u.test(rest) ? { level, code: rest, args: [] } : null;
      return null;
    }
    if (open?.level !== level) return null;
    if (message[2] === 'A') {
      open.args.push(rest);
      return null;
    }
    const { code, args } = open;
    open = null;
    return { kind: 'message', level: levels[level], code, args, text: printf(rest, args) };
  };
}

function progressOf(code: string, now: number, end: number): DebootstrapProgress {
  const [phase, unit] = phases[code] ?? [code.toLowerCase(), 'items' as const];
  return { kind: 'progress', code, phase, done: Math.min(now, end), total: end, unit };
}

function printf(format: string, args: readonly string[]): string {
  let next = 0;
  const firstLine = format.split('\\n')[0] ?? '';
  return firstLine.replace(/%[s%]/gu, (mark) => (mark === '%%' ? '%' : (args[next++] ?? ''))).trim();
}
