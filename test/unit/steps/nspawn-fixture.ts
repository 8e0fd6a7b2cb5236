/** A pretended systemd-nspawn: does in the tree what the test says, and what nspawn itself leaves there. */
import type { Program, ProgramCall } from '../../../src/testing.ts';

export interface InsideCall {
  /** The command that runs inside. */
  readonly command: readonly string[];
  /** Path of the tree on the pretended host. */
  readonly tree: string;
  /** Path on the host by path inside. */
  readonly binds: ReadonlyMap<string, string>;
  readonly world: ProgramCall['world'];
}

/** `act` may be cut off before it and after it. */
export function pretendNspawn(act: (call: InsideCall) => number | void): Program {
  return function* nspawn({ args, world }) {
    const end = args.indexOf('--');
    const options = args.slice(0, end);
    const valueOf = (option: string) =>
      options.flatMap((word) => (word.startsWith(`--${option}=`) ? [word.slice(option.length + 3)] : []));
    const binds = [...valueOf('bind'), ...valueOf('bind-ro')].map(
      (bind) => bind.split(':').toReversed() as [string, string],
    );
    yield;
    const code = act({
      command: args.slice(end + 1),
      tree: valueOf('directory')[0] ?? '',
      binds: new Map(binds),
      world,
    });
    yield;
    return code;
  };
}
