import { getShortestPaths } from 'xstate/graph';
import { describe, expect, test } from 'vitest';
import {
  initialStepState,
  nextRunState,
  nextStepState,
  stepChart,
  type StepChartEvent,
  type StepState,
} from '../../../src/engine/charts.ts';

const events: readonly StepChartEvent[] = [
  { type: 'START' },
  { type: 'CACHED' },
  { type: 'SKIP' },
  { type: 'BLOCK' },
  { type: 'DONE' },
  { type: 'FAIL', retryAt: null },
  { type: 'FAIL', retryAt: 1 },
  { type: 'LOST' },
  { type: 'RETRY' },
  { type: 'INVALIDATE' },
];

describe('step chart', () => {
  test('every state can be reached, and every shortest path replays through the pure function', () => {
    const paths = getShortestPaths(stepChart, { events: [...events] });
    const states = new Set(paths.map((path) => path.state.value));
    expect([...states].toSorted()).toEqual([
      'backoff',
      'blocked',
      'cached',
      'failed',
      'pending',
      'running',
      'skipped',
      'succeeded',
    ]);
    for (const path of paths) {
      let state: StepState = initialStepState;
      for (const { event } of path.steps) {
        if ((event.type as string) === 'xstate.init') continue;
        const next = nextStepState(state, event);
        expect(next).not.toBeNull();
        state = next as StepState;
      }
      expect(state).toBe(path.state.value);
    }
  });

  test('an event that the state does not know is told, not ignored', () => {
    expect(nextStepState('succeeded', { type: 'START' })).toBeNull();
    expect(nextStepState('pending', { type: 'DONE' })).toBeNull();
    expect(nextStepState('running', { type: 'CACHED' })).toBeNull();
  });

  test('a failure with a time for another attempt waits, one without is final', () => {
    expect(nextStepState('running', { type: 'FAIL', retryAt: 5 })).toBe('backoff');
    expect(nextStepState('running', { type: 'FAIL', retryAt: null })).toBe('failed');
  });
});

test('run chart: a run that ended can be opened again, and only then', () => {
  for (const state of ['failed', 'interrupted', 'paused', 'draining', 'running'] as const) {
    expect(nextRunState(state, { type: 'RUN_OPENED' })).toBe('running');
  }
});
