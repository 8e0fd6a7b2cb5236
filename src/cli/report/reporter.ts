/** Draws a run as `--progress` says. The renderers are pure; only this file writes. */
import { appendFileSync } from 'node:fs';
import type { RunEvent } from '../../engine/events.ts';
import type { Globals, ProgressMode } from '../global-options.ts';
import type { Terminal } from '../terminal.ts';
import { githubLines, githubSummary } from './github.ts';
import { jsonLine } from './json.ts';
import { heartbeatLines, plainLines } from './plain.ts';
import { applyEvent, newRunView, type RunView } from './run-view.ts';
import { ttyLive, ttySettled } from './tty.ts';

export interface Reporter {
  readonly view: RunView;
  /** Shows nothing. */
  readonly isSilent: boolean;
  event(event: RunEvent): void;
  /** A line between the others. */
  say(line: string): void;
  /** Everything that is finished is on the screen, nothing is drawn any more. */
  close(): void;
}

const frameMs = 125;
const heartbeatMs = 60_000;

/** `auto`: what suits the place. A debug shell needs the screen for itself, so nothing may be redrawn then. */
export function chooseMode(
  globals: Pick<Globals, 'progress' | 'quiet'>,
  terminal: Terminal,
  screenIsShared = false,
): Exclude<ProgressMode, 'auto'> {
  if (globals.quiet && globals.progress !== 'json') return 'none';
  const { env, stderr } = terminal;
  const asked = globals.progress;
  if (asked === 'tty') return screenIsShared ? 'plain' : 'tty';
  if (asked !== 'auto') return asked;
  if (env['GITHUB_ACTIONS'] === 'true') return 'github';
  if (stderr.isTTY !== true || env['TERM'] === 'dumb' || env['CI'] || screenIsShared) return 'plain';
  // Nobody has told the terminal its size, such as on a serial line: what is redrawn would be wrapped anywhere.
  if (stderr.columns === 0) return 'plain';
  return 'tty';
}

export async function createReporter(
  mode: Exclude<ProgressMode, 'auto'>,
  terminal: Terminal,
  form: { readonly version: string; readonly verbose: number },
): Promise<Reporter> {
  if (mode === 'tty') return drawn(terminal, form);
  const view = newRunView();
  const write = (lines: readonly string[]): void => lines.forEach((line) => terminal.stderr.write(`${line}\n`));
  const say = (line: string): void => write([line]);
  if (mode === 'none')
    return {
      view,
      isSilent: true,
      event: (event) => applyEvent(view, event),
      say: () => undefined,
      close: () => undefined,
    };
  if (mode === 'json') {
    const event = (happened: RunEvent): void => (applyEvent(view, happened), say(jsonLine(happened)));
    return { view, isSilent: false, event, say: () => undefined, close: () => undefined };
  }
  const render = mode === 'github' ? githubLines : plainLines;
  let shown = 0;
  let isOpen = true;
  const heart = setInterval(() => write(heartbeatLines(view, terminal.nowMs())), heartbeatMs);
  heart.unref();
  return {
    view,
    isSilent: false,
    event(event) {
      applyEvent(view, event);
      write(render(view, shown, form));
      shown = view.notes.length;
    },
    say,
    close() {
      if (!isOpen) return;
      isOpen = false;
      clearInterval(heart);
      const summary = terminal.env['GITHUB_STEP_SUMMARY'];
      if (mode === 'github' && summary) appendFileSync(summary, `${githubSummary(view).join('\n')}\n`);
    },
  };
}

async function drawn(terminal: Terminal, { verbose }: { readonly verbose: number }): Promise<Reporter> {
  const { createLogUpdate } = await import('log-update');
  const { stderr, paint } = terminal;
  // The cursor stays visible: hidden, it would be lost with a kill -9.
  const update = createLogUpdate(stderr as unknown as NodeJS.WritableStream, { showCursor: true });
  const view = newRunView();
  let shown = 0;
  let isOpen = true;
  const form = () => ({ width: stderr.columns ?? 80, nowMs: terminal.nowMs(), paint, verbose });
  const draw = (): void => {
    const settled = ttySettled(view, shown, form());
    shown = view.notes.length;
    if (settled.length > 0) update.persist(settled.join('\n'));
    const live = ttyLive(view, form(), stderr.rows ?? 24);
    if (live.length > 0) update(live.join('\n'));
    else update.clear();
  };
  const timer = setInterval(draw, frameMs);
  timer.unref();
  return {
    view,
    isSilent: false,
    event: (event) => applyEvent(view, event),
    say(line) {
      draw();
      update.persist(line);
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      clearInterval(timer);
      draw();
      update.clear();
      update.done();
    },
  };
}
