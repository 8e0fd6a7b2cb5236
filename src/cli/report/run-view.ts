/** What is known of a run at a moment, folded from its events. All renderers read this and nothing else. */
import type { RunEvent } from '../../engine/events.ts';
import type { ActiveStep, Note } from './note.ts';

export interface RunView {
  run: string;
  pipeline: string;
  /** Is the pipeline built in? Its steps were written by somebody else than the person who looks on. */
  isBuiltIn: boolean;
  summary: string;
  /** "debian-12 amd64 -> bread", or the summary of the pipeline. */
  target: string;
  startedMs: number;
  /** Widest id of a step. */
  idWidth: number;
  durationMs: number;
  done: number;
  total: number;
  /** The log of the step that failed last. */
  failedLog: string | null;
  readonly active: Map<string, ActiveStep>;
  readonly notes: Note[];
}

const tailLength = 10;

export function newRunView(): RunView {
  return {
    run: '',
    pipeline: '',
    isBuiltIn: false,
    summary: '',
    target: '',
    startedMs: 0,
    idWidth: 0,
    durationMs: 0,
    done: 0,
    total: 0,
    failedLog: null,
    active: new Map(),
    notes: [],
  };
}

/** Takes one event in. Changes the view in place: a copy for each event would be quadratic in the number of steps. */
export function applyEvent(view: RunView, event: RunEvent): void {
  const atMs = Date.parse(event.ts);
  switch (event.type) {
    case 'run.started':
    case 'run.resumed':
      begin(view, event, atMs);
      break;
    case 'run.succeeded':
    case 'run.failed':
    case 'run.interrupted':
    case 'run.paused':
      end(view, event, atMs);
      break;
    case 'step.queued':
    case 'checkpoint.saved':
      break;
    case 'step.started':
      view.active.set(event.step, { ...newStep(event.step, atMs), why: event.why });
      view.notes.push({ kind: 'started', atMs, step: event.step, attempt: event.attempt, why: event.why });
      break;
    case 'step.progress':
      progress(view, event, atMs);
      break;
    case 'step.log':
      logged(view, event, atMs);
      break;
    case 'step.waiting': {
      const text = event.holder === null ? 'waiting for another process' : `waiting for ${event.holder}`;
      change(view, event.step, { waiting: text }, atMs);
      view.notes.push({ kind: 'waiting', atMs, step: event.step, text });
      break;
    }
    case 'step.retry': {
      const inMs = Math.max(0, Date.parse(event.retryAt) - atMs);
      change(
        view,
        event.step,
        { waiting: `attempt ${event.attempt + 1} of ${event.attempts} follows`, phase: null, text: null },
        atMs,
      );
      view.notes.push({
        kind: 'retry',
        atMs,
        step: event.step,
        attempt: event.attempt,
        attempts: event.attempts,
        inMs,
        error: event.error,
      });
      break;
    }
    case 'warning':
      view.notes.push({ kind: 'warning', atMs, step: event.step, text: event.text });
      break;
    case 'step.succeeded':
    case 'step.cached':
    case 'step.skipped':
    case 'step.blocked':
    case 'step.failed':
    case 'step.interrupted':
      finish(view, event, atMs);
  }
}

type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { readonly type: T }>;

function begin(view: RunView, event: EventOf<'run.started' | 'run.resumed'>, atMs: number): void {
  view.run = event.run;
  view.pipeline = event.pipeline;
  view.isBuiltIn = event.file === null;
  view.summary = event.summary;
  view.target = targetOf(event);
  view.startedMs = atMs;
  view.idWidth = Math.max(...event.steps.map(({ id }) => id.length), 0);
  view.total = event.steps.length;
  view.done = event.done.length;
  view.notes.push({
    kind: 'begun',
    atMs,
    step: null,
    resumedAt: event.type === 'run.resumed' ? event.at : null,
    doneBefore: event.done,
  });
}

function targetOf({ inputs, summary }: EventOf<'run.started' | 'run.resumed'>): string {
  const text = (name: string): string => (typeof inputs[name] === 'string' ? inputs[name] : '');
  if (text('image') === '' || text('name') === '') return summary;
  return `${[text('image'), text('arch')].filter((part) => part !== '').join(' ')} -> ${text('name')}`;
}

function end(
  view: RunView,
  event: EventOf<'run.succeeded' | 'run.failed' | 'run.interrupted' | 'run.paused'>,
  atMs: number,
): void {
  view.durationMs = event.durationMs;
  view.done = event.done;
  view.total = event.total;
  view.active.clear();
  const path = event.outputs?.['path'];
  const status = event.type.slice('run.'.length) as 'succeeded' | 'failed' | 'interrupted' | 'paused';
  view.notes.push({
    kind: 'ended',
    atMs,
    step: null,
    status,
    durationMs: event.durationMs,
    path: typeof path === 'string' ? path : null,
  });
}

function progress(view: RunView, event: EventOf<'step.progress'>, atMs: number): void {
  const before = view.active.get(event.step);
  if (event.phase !== undefined && event.phase !== before?.phase) {
    view.notes.push({ kind: 'phase', atMs, step: event.step, text: event.phase });
  }
  change(
    view,
    event.step,
    {
      phase: event.phase ?? before?.phase ?? null,
      done: event.done ?? null,
      total: event.total ?? null,
      unit: event.unit ?? null,
      text: event.text ?? null,
      waiting: null,
    },
    atMs,
  );
}

function logged(view: RunView, event: EventOf<'step.log'>, atMs: number): void {
  view.notes.push({ kind: event.level, atMs, step: event.step, text: event.text });
  if (event.level !== 'output') return;
  const tail = view.active.get(event.step)?.tail ?? [];
  change(view, event.step, { tail: [...tail, event.text].slice(-tailLength) }, atMs);
}

function finish(
  view: RunView,
  event: EventOf<
    'step.succeeded' | 'step.cached' | 'step.skipped' | 'step.blocked' | 'step.failed' | 'step.interrupted'
  >,
  atMs: number,
): void {
  const step = event.step;
  const last = view.active.get(step);
  view.active.delete(step);
  switch (event.type) {
    case 'step.succeeded':
    case 'step.cached':
      view.done += 1;
      view.notes.push(
        event.type === 'step.cached'
          ? {
              kind: 'cached',
              atMs,
              step,
              text: event.text,
              createdAt: event.from?.createdAt ?? null,
              sameRun: event.from?.run === view.run,
            }
          : { kind: 'succeeded', atMs, step, text: event.text, why: last?.why ?? null, durationMs: event.durationMs },
      );
      break;
    case 'step.skipped':
    case 'step.blocked':
      view.notes.push({ kind: event.type === 'step.skipped' ? 'skipped' : 'blocked', atMs, step, why: event.why });
      break;
    case 'step.interrupted':
      view.notes.push({ kind: 'interrupted', atMs, step, durationMs: event.durationMs, phase: last?.phase ?? null });
      break;
    case 'step.failed':
      view.failedLog = event.log;
      view.notes.push({
        kind: 'failed',
        atMs,
        step,
        durationMs: event.durationMs,
        error: event.error,
        tail: last?.tail ?? [],
      });
  }
}

function newStep(id: string, startedMs: number): ActiveStep {
  return {
    id,
    startedMs,
    why: null,
    phase: null,
    done: null,
    total: null,
    unit: null,
    text: null,
    waiting: null,
    tail: [],
  };
}

function change(view: RunView, id: string, changes: Partial<ActiveStep>, atMs: number): void {
  view.active.set(id, { ...(view.active.get(id) ?? newStep(id, atMs)), ...changes });
}
