/** The run on a terminal: what is finished scrolls up, two live lines for each step at work. */
import { harmless, type Paint } from '../terminal.ts';
import { activityOf, elapsed, fractionOf, reuseOf } from './amounts.ts';
import { clip, widthOf } from './line-width.ts';
import type { ActiveStep, Note } from './note.ts';
import type { RunView } from './run-view.ts';

export interface TtyForm {
  /** Columns of the terminal. */
  readonly width: number;
  readonly nowMs: number;
  readonly paint: Paint;
  /** 0: results and warnings; 1: what steps say; 2: the output of programs. */
  readonly verbose: number;
}

const widest = 100;
const narrowestId = 14;
const spinner = ['◐', '◓', '◑', '◒'];
const frameMs = 125;

/** Lines that stay, for notes from `from` on. */
export function ttySettled(view: RunView, from: number, form: TtyForm): string[] {
  return view.notes.slice(from).flatMap((note) => settledLines(note, view, form));
}

/** Lines that are drawn anew with each frame; at most `rows`. */
export function ttyLive(view: RunView, form: TtyForm, rows: number): string[] {
  const steps = [...view.active.values()];
  const shown = steps.slice(0, Math.max(1, Math.floor((rows - 1) / 2)));
  const lines = shown.flatMap((step) => liveLines(step, view, form));
  const hidden = steps.length - shown.length;
  return hidden === 0 ? lines : [...lines, `  and ${hidden} more`];
}

function settledLines(note: Note, view: RunView, form: TtyForm): string[] {
  const { paint, width } = form;
  switch (note.kind) {
    case 'begun':
      return begunLines(note, view, form);
    case 'succeeded': {
      const why = note.why === null ? '' : `(miss: ${harmless(note.why)})`;
      return [resultLine(paint('green', '✔'), note.step, note.text ?? '', elapsed(note.durationMs), view, form, why)];
    }
    case 'cached':
      return [resultLine(paint('green', '✔'), note.step, reuseOf(note), '', view, form)];
    case 'blocked':
    case 'skipped':
      // What could not begin says no more than the failure above it; the ways that a built-in pipeline did not take are no news.
      if ((note.kind === 'blocked' || view.isBuiltIn) && form.verbose < 1) return [];
      return [resultLine(paint('dim', '-'), note.step, `skipped: ${note.why}`, '', view, form)];
    case 'failed':
      return [
        resultLine(paint('red', '✖'), note.step, `failed after ${elapsed(note.durationMs)}`, '', view, form),
        ...note.tail.map((line) => `  ${clip(harmless(line), width - 3)}`),
      ];
    case 'interrupted': {
      const during = note.phase === null ? '' : ` while ${note.phase}`;
      return [
        resultLine(
          paint('yellow', '■'),
          note.step,
          `interrupted${during} (${elapsed(note.durationMs)})`,
          '',
          view,
          form,
        ),
      ];
    }
    case 'retry': {
      const text = `attempt ${note.attempt} of ${note.attempts} failed, again in ${elapsed(note.inMs)}: ${note.error.message.split('\n')[0] ?? ''}`;
      return [resultLine(paint('yellow', '↻'), note.step, text, '', view, form)];
    }
    case 'warning':
      return [resultLine(paint('yellow', '!'), note.step ?? 'warning', note.text, '', view, form)];
    case 'info':
      return form.verbose < 1 ? [] : [`  ${clip(harmless(`${note.step ?? ''}: ${note.text}`), width - 3)}`];
    case 'output':
      return form.verbose < 2 ? [] : [`  ${clip(harmless(`${note.step ?? ''} | ${note.text}`), width - 3)}`];
    case 'started':
    case 'phase':
    case 'waiting':
    case 'ended':
      return [];
  }
}

function begunLines(note: Extract<Note, { kind: 'begun' }>, view: RunView, form: TtyForm): string[] {
  const width = form.width - 1;
  if (note.resumedAt === null && note.doneBefore.length === 0) {
    return [clip(`run ${view.run}   ${harmless(view.target)}`, width)];
  }
  const at = note.resumedAt === null ? '' : ` at ${note.resumedAt}`;
  const lines = [clip(`resuming run ${view.run}${at} (--fresh starts over)`, width)];
  if (note.doneBefore.length > 0)
    lines.push(`${form.paint('cyan', '↷')} ${clip(doneBefore(note.doneBefore, width - 2), width - 2)}`);
  return lines;
}

/** "preflight, proxy, cache    done before": as many names as there is room for. */
function doneBefore(names: readonly string[], columns: number): string {
  const room = columns - '    done before'.length;
  const all = names.join(', ');
  return `${widthOf(all) <= room ? all : `${names.length} steps`}    done before`;
}

/** `aside` stays whole where there is room: the text gives way. */
function resultLine(
  mark: string,
  step: string | null,
  text: string,
  time: string,
  view: RunView,
  form: TtyForm,
  aside = '',
): string {
  const width = Math.min(form.width - 1, widest);
  const id = labelOf(step ?? '', view, width);
  const room = Math.max(0, width - 2 - widthOf(id) - 1 - (time === '' ? 0 : time.length + 2));
  const kept = aside === '' || widthOf(aside) > room / 2 ? '' : ` ${aside}`;
  const shown = clip(harmless(text), room - widthOf(kept)) + kept;
  if (time === '') return `${mark} ${id} ${shown}`.trimEnd();
  const gap = ' '.repeat(Math.max(2, width - 2 - widthOf(id) - 1 - widthOf(shown) - time.length));
  return `${mark} ${id} ${shown}${gap}${form.paint('dim', time)}`;
}

function labelOf(id: string, view: RunView, width: number): string {
  const wanted = Math.min(Math.max(view.idWidth, narrowestId), Math.max(8, Math.floor(width / 3)));
  const shown = clip(id, wanted);
  return shown + ' '.repeat(wanted - widthOf(shown));
}

function liveLines(step: ActiveStep, view: RunView, form: TtyForm): string[] {
  const width = Math.min(form.width - 1, widest);
  const mark = form.paint('cyan', spinner[Math.floor(form.nowMs / frameMs) % spinner.length] ?? '◐');
  const id = labelOf(step.id, view, width);
  const time = elapsed(form.nowMs - step.startedMs);
  const fraction = fractionOf(step);
  const room = width - 2 - widthOf(id) - 1 - ' 100%'.length - 2 - time.length;
  const measure = fraction === null ? '' : `${bar(fraction, room, form)}  `;
  const first = `${mark} ${id} ${measure}${time}`;
  const activity = activityOf(step);
  return activity === '' ? [first] : [first, `  ${form.paint('dim', '└')} ${clip(harmless(activity), width - 4)}`];
}

/** Without the cells where there is no room for them. */
function bar(fraction: number, room: number, { paint }: TtyForm): string {
  const cells = room < 6 ? 0 : Math.min(32, room);
  const full = Math.round(fraction * cells);
  const percent = `${Math.floor(fraction * 100)}%`.padStart(4);
  if (cells === 0) return percent.trim();
  return `${paint('cyan', '━'.repeat(full))}${paint('dim', '─'.repeat(cells - full))} ${percent}`;
}
