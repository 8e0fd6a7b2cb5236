import type { RunEvent, RunEventBody } from '../../../src/engine/events.ts';
import type { ErrorRecord } from '../../../src/errors/machinespawn-error.ts';

const startMs = Date.parse('2026-11-22T18:49:02Z');

/** Events of one run, each with the second at which it happens. */
export function recorded(...events: readonly (readonly [second: number, body: RunEventBody])[]): readonly RunEvent[] {
  return events.map(([second, body], seq) => ({
    v: 1,
    seq,
    ts: new Date(startMs + second * 1000).toISOString(),
    run: '20261122-184902-k3f9',
    ...body,
  }));
}

export const at = (second: number): number => startMs + second * 1000;

const step = (id: string) => ({ id, uses: id, summary: `Do ${id}` });

export const begun: RunEventBody = {
  type: 'run.started',
  pipeline: 'bootstrap',
  file: null,
  summary: 'Build a machine',
  inputs: { image: 'debian-12', arch: 'amd64', name: 'bread' },
  steps: [step('preflight'), step('archive'), step('first-stage')],
  done: [],
  at: null,
};

export const badSignature: ErrorRecord = {
  code: 'MSP_SIGNATURE_BAD',
  message: 'the signature does not verify',
  hint: 'another archive: --mirror URL',
  exitCode: 8,
  details: {},
  cause: null,
};

export const started = (id: string, why: string | null = null, attempt = 1): RunEventBody => ({
  type: 'step.started',
  step: id,
  uses: id,
  attempt,
  key: 'ab',
  why,
});

export const done = (id: string, text: string | null, durationMs: number): RunEventBody => ({
  type: 'step.succeeded',
  step: id,
  uses: id,
  durationMs,
  outputs: {},
  text,
  from: null,
});

/** A build in which a bit of everything happens. */
export const build = recorded(
  [0, begun],
  [0.1, started('preflight')],
  [0.2, done('preflight', 'systemd 252, debootstrap 1.0.128, 72 GiB free', 100)],
  [
    0.3,
    {
      type: 'step.cached',
      step: 'archive',
      uses: 'archive',
      durationMs: 2,
      outputs: {},
      text: 'bookworm',
      from: { run: 'other', createdAt: '2026-11-22T18:46:00Z' },
    },
  ],
  [0.4, started('first-stage', 'arch is arm64, was amd64')],
  [0.5, { type: 'step.progress', step: 'first-stage', phase: 'package lists' }],
  [
    6.5,
    {
      type: 'step.progress',
      step: 'first-stage',
      phase: 'downloading packages',
      done: 19_293_798,
      total: 31_870_120,
      unit: 'bytes',
      text: 'libsystemd0_252.39-1~deb12u1_amd64_a_very_long_name_for_a_package',
    },
  ],
  [
    6.6,
    { type: 'step.log', step: 'first-stage', level: 'output', text: 'I: Retrieving \u001b[31mlibsystemd0\u001b[0m' },
  ],
  [7, { type: 'warning', step: 'first-stage', text: 'the proxy is slow' }],
);

export const end = recorded(
  [38.4, done('first-stage', 'bookworm, 104 packages', 38_000)],
  [
    38.5,
    {
      type: 'run.succeeded',
      durationMs: 38_500,
      outputs: { path: '/var/lib/machines/bread' },
      error: null,
      done: 3,
      total: 3,
    },
  ],
);
