/** The first signal asks the run to stop, the second kills. */
import type { RunHandle } from '../app-types.ts';
import type { SignalSource } from './terminal.ts';

const watched = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface SignalWatch {
  /** The first one that came. */
  readonly first: () => (typeof watched)[number] | null;
  stop(): void;
}

/** `interactive`: the terminal belongs to a program; Ctrl-C is its matter. */
export function watchSignals(
  signals: SignalSource,
  handle: Pick<RunHandle, 'cancel'>,
  options: { readonly interactive: boolean; say(line: string): void },
): SignalWatch {
  let first: (typeof watched)[number] | null = null;
  const listeners = watched.map((signal) => {
    const listener = (): void => {
      if (options.interactive && signal === 'SIGINT') return;
      if (first === null) options.say('stopping… (press Ctrl-C again to kill now)');
      handle.cancel(signal, first !== null);
      first ??= signal;
    };
    signals.on(signal, listener);
    return { signal, listener };
  });
  return {
    first: () => first,
    stop() {
      for (const { signal, listener } of listeners) signals.off(signal, listener);
    },
  };
}
