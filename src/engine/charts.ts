/**
 * The two fixed statecharts: one for a step, one for a run. They are never made from a pipeline:
 * a parallel machine per pipeline is cubic in its size, and a changed pipeline could not restore an old snapshot.
 * They are driven by the pure `transition()`; nothing here has an effect.
 */
import {
  getNextTransitions,
  initialTransition,
  setup,
  transition,
  type AnyStateMachine,
  type SnapshotFrom,
} from 'xstate';

export type StepState = 'pending' | 'running' | 'backoff' | 'succeeded' | 'cached' | 'skipped' | 'blocked' | 'failed';
export type RunState = 'opening' | 'running' | 'draining' | 'succeeded' | 'failed' | 'interrupted' | 'paused';

export type StepChartEvent =
  | { readonly type: 'START' }
  | { readonly type: 'CACHED' }
  | { readonly type: 'SKIP' }
  | { readonly type: 'BLOCK' }
  | { readonly type: 'DONE' }
  | { readonly type: 'FAIL'; readonly retryAt: number | null }
  | { readonly type: 'LOST' }
  | { readonly type: 'RETRY' }
  | { readonly type: 'INVALIDATE' };

export type RunChartEvent =
  | { readonly type: 'RUN_OPENED' }
  | { readonly type: 'CANCEL_REQUESTED' }
  | { readonly type: 'RUN_CLOSED'; readonly status: 'succeeded' | 'failed' | 'interrupted' | 'paused' };

export const stepChart = setup({
  types: { events: {} as StepChartEvent },
  guards: { willRetry: ({ event }) => event.type === 'FAIL' && event.retryAt !== null },
}).createMachine({
  id: 'step',
  initial: 'pending',
  states: {
    pending: {
      on: {
        START: 'running',
        CACHED: 'cached',
        SKIP: 'skipped',
        BLOCK: 'blocked',
        FAIL: 'failed',
        INVALIDATE: 'pending',
      },
    },
    running: {
      on: {
        DONE: 'succeeded',
        FAIL: [{ guard: 'willRetry', target: 'backoff' }, { target: 'failed' }],
        LOST: 'pending',
      },
    },
    backoff: { on: { RETRY: 'pending', INVALIDATE: 'pending' } },
    succeeded: { on: { INVALIDATE: 'pending' } },
    cached: { on: { INVALIDATE: 'pending' } },
    skipped: { on: { INVALIDATE: 'pending' } },
    blocked: { on: { INVALIDATE: 'pending' } },
    failed: { on: { RETRY: 'pending', INVALIDATE: 'pending' } },
  },
});

export const runChart = setup({
  types: { events: {} as RunChartEvent },
  guards: {
    succeeded: ({ event }) => event.type === 'RUN_CLOSED' && event.status === 'succeeded',
    failed: ({ event }) => event.type === 'RUN_CLOSED' && event.status === 'failed',
    paused: ({ event }) => event.type === 'RUN_CLOSED' && event.status === 'paused',
  },
}).createMachine({
  id: 'run',
  initial: 'opening',
  states: {
    opening: { on: { RUN_OPENED: 'running' } },
    running: {
      on: {
        RUN_OPENED: { target: 'running', reenter: true },
        CANCEL_REQUESTED: 'draining',
        RUN_CLOSED: [
          { guard: 'succeeded', target: 'succeeded' },
          { guard: 'failed', target: 'failed' },
          { guard: 'paused', target: 'paused' },
          { target: 'interrupted' },
        ],
      },
    },
    draining: {
      on: {
        RUN_OPENED: 'running',
        CANCEL_REQUESTED: { target: 'draining', reenter: true },
        RUN_CLOSED: [
          { guard: 'succeeded', target: 'succeeded' },
          { guard: 'failed', target: 'failed' },
          { target: 'interrupted' },
        ],
      },
    },
    // Only where somebody wants a step done again.
    succeeded: { on: { RUN_OPENED: 'running' } },
    failed: { on: { RUN_OPENED: 'running' } },
    interrupted: { on: { RUN_OPENED: 'running' } },
    paused: { on: { RUN_OPENED: 'running' } },
  },
});

const [firstStep] = initialTransition(stepChart);
const [firstRun] = initialTransition(runChart);
export const initialStepState: StepState = stateOf(firstStep);
export const initialRunState: RunState = stateOf(firstRun);

/** The state that an event leads to, or null when the chart has no such way. */
export function nextStepState(state: StepState, event: StepChartEvent): StepState | null {
  return next<StepState>(stepChart, state, event);
}

export function nextRunState(state: RunState, event: RunChartEvent): RunState | null {
  return next<RunState>(runChart, state, event);
}

const snapshots = new Map<string, SnapshotFrom<AnyStateMachine>>();

/** The charts hold no history: a state's name is all of it, so one snapshot per state serves every step. */
function next<State extends string>(
  chart: AnyStateMachine,
  state: State,
  event: StepChartEvent | RunChartEvent,
): State | null {
  const name = `${chart.id}.${state}`;
  let snapshot = snapshots.get(name);
  if (snapshot === undefined) {
    snapshot = chart.resolveState({ value: state, context: {} });
    snapshots.set(name, snapshot);
  }
  // transition() ignores an event that the state does not know; only this look-up tells it from a self-transition.
  const known = getNextTransitions(snapshot).some((candidate) => candidate.eventType === event.type);
  if (!known) return null;
  const [after] = transition(chart, snapshot, event);
  return stateOf<State>(after as { value: unknown });
}

function stateOf<State extends string>(snapshot: { readonly value: unknown }): State {
  return snapshot.value as State;
}
