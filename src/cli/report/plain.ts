/** The run as plain lines, for logs and CI: one line for each change, none of them is ever drawn again. */
import { harmless } from '../terminal.ts';
import { activityOf, elapsed, reuseOf } from './amounts.ts';
import type { Note } from './note.ts';
import type { RunView } from './run-view.ts';

export interface PlainForm {
  readonly version: string;
  readonly verbose: number;
}

const narrowestId = 11;

export function plainLines(view: RunView, from: number, form: PlainForm): string[] {
  return view.notes.slice(from).flatMap((note) => noteLines(note, view, form));
}

/** Once a minute for each step at work, so that nobody takes the silence for a standstill. */
export function heartbeatLines(view: RunView, nowMs: number): string[] {
  return [...view.active.values()].map((step) => {
    const activity = activityOf(step);
    return line(view, nowMs, step.id, `still running${activity === '' ? '' : `: ${harmless(activity)}`}`);
  });
}

function noteLines(note: Note, view: RunView, form: PlainForm): string[] {
  const say = (text: string): string[] => [line(view, note.atMs, note.step ?? '', text)];
  switch (note.kind) {
    case 'begun':
      return begunLines(note, view, form);
    case 'started': {
      const again = note.attempt > 1 ? ` (attempt ${note.attempt})` : '';
      return say(`start${again}${note.why === null ? '' : ` (miss: ${note.why})`}`);
    }
    case 'phase':
    case 'waiting':
      return say(note.text);
    case 'succeeded':
      return say(`ok${note.text === null ? '' : `: ${note.text}`} (${elapsed(note.durationMs)})`);
    case 'cached':
      return say(`ok: ${reuseOf(note)}`);
    case 'blocked':
      return form.verbose < 1 ? [] : say(`skipped: ${note.why}`);
    case 'skipped':
      // The ways that a built-in pipeline did not take are no news.
      return view.isBuiltIn && form.verbose < 1 ? [] : say(`skipped: ${note.why}`);
    case 'failed':
      return [...say(`failed after ${elapsed(note.durationMs)}`), ...note.tail.map((text) => `  ${harmless(text)}`)];
    case 'interrupted':
      return say(`interrupted${note.phase === null ? '' : ` while ${note.phase}`} (${elapsed(note.durationMs)})`);
    case 'retry':
      return say(
        `attempt ${note.attempt} of ${note.attempts} failed, again in ${elapsed(note.inMs)}: ${note.error.message.split('\n')[0] ?? ''}`,
      );
    case 'warning':
      return say(`warning: ${note.text}`);
    case 'info':
      return form.verbose < 1 ? [] : say(note.text);
    case 'output':
      return form.verbose < 2 ? [] : say(`| ${note.text}`);
    case 'ended':
      return endedLines(note, view);
  }
}

function begunLines(note: Extract<Note, { kind: 'begun' }>, view: RunView, form: PlainForm): string[] {
  const lines = [`machinespawn ${form.version} run ${view.run}: ${view.pipeline} ${harmless(view.target)}`];
  if (note.resumedAt === null && note.doneBefore.length === 0) return lines;
  const at = note.resumedAt === null ? '' : ` at ${note.resumedAt}`;
  lines.push(`resuming${at} (--fresh starts over)`);
  if (note.doneBefore.length > 0) lines.push(`done before: ${note.doneBefore.join(', ')}`);
  return lines;
}

function endedLines(note: Extract<Note, { kind: 'ended' }>, view: RunView): string[] {
  const text = note.status === 'succeeded' ? `done${note.path === null ? '' : `: ${note.path}`}` : note.status;
  return [`${stamp(view, note.atMs)} ${text}`];
}

function line(view: RunView, atMs: number, step: string, text: string): string {
  const id = step.padEnd(Math.max(view.idWidth, narrowestId) + 1);
  return `${stamp(view, atMs)} ${id} ${harmless(text)}`;
}

/** Seconds since the run was opened. */
function stamp(view: RunView, atMs: number): string {
  const seconds = Math.max(0, atMs - view.startedMs) / 1000;
  return `[${seconds.toFixed(1).padStart(4)}s]`;
}
