import { describe, expect, it } from 'vitest';
import { activityOf, amountOf, elapsed } from '../../../src/cli/report/amounts.ts';
import { githubLines, githubSummary } from '../../../src/cli/report/github.ts';
import { widthOf } from '../../../src/cli/report/line-width.ts';
import { heartbeatLines, plainLines } from '../../../src/cli/report/plain.ts';
import { applyEvent, newRunView, type RunView } from '../../../src/cli/report/run-view.ts';
import { ttyLive, ttySettled } from '../../../src/cli/report/tty.ts';
import { makePaint } from '../../../src/cli/terminal.ts';
import type { RunEvent } from '../../../src/engine/events.ts';
import { at, badSignature, begun, build, done, end, recorded, started } from './run-events.ts';

const noColor = makePaint('never', { write: () => true }, {});
const form = (width: number, second = 21.4) => ({ width, nowMs: at(second), paint: noColor, verbose: 0 });
const plain = { version: '0.1.0', verbose: 0 };

function viewOf(...lists: readonly (readonly RunEvent[])[]): RunView {
  const view = newRunView();
  for (const event of lists.flat()) applyEvent(view, event);
  return view;
}

function screen(view: RunView, width: number, second?: number): string {
  return [...ttySettled(view, 0, form(width, second)), ...ttyLive(view, form(width, second), 24)].join('\n');
}

const broken = recorded(
  [0, begun],
  [0.1, started('first-stage')],
  [0.2, { type: 'step.log', step: 'first-stage', level: 'output', text: 'E: Failed getting release file' }],
  [
    0.4,
    {
      type: 'step.retry',
      step: 'first-stage',
      attempt: 1,
      attempts: 3,
      retryAt: new Date(at(4.4)).toISOString(),
      error: badSignature,
    },
  ],
  [4.4, started('first-stage', null, 2)],
  [4.5, { type: 'step.log', step: 'first-stage', level: 'output', text: '::error::100% broken' }],
  [
    4.8,
    {
      type: 'step.failed',
      step: 'first-stage',
      attempt: 2,
      durationMs: 400,
      error: badSignature,
      log: '/runs/x/first-stage.2.log',
    },
  ],
  [4.9, { type: 'step.blocked', step: 'archive', why: 'first-stage failed' }],
  [5, { type: 'run.failed', durationMs: 5000, outputs: null, error: badSignature, done: 0, total: 3 }],
);

const resumed = recorded(
  [
    0,
    {
      ...begun,
      type: 'run.resumed',
      done: ['preflight', 'archive'],
      at: 'first-stage',
    } as Extract<RunEvent, { type: 'run.resumed' }>,
  ],
  [1, started('first-stage')],
  [2, { type: 'step.progress', step: 'first-stage', phase: 'unpacking' }],
  [
    28,
    {
      type: 'step.interrupted',
      step: 'first-stage',
      attempt: 1,
      durationMs: 27_000,
      error: { ...badSignature, code: 'MSP_CANCELLED', message: 'stopped' },
      log: null,
    },
  ],
  [28.1, { type: 'run.interrupted', durationMs: 28_100, outputs: null, error: null, done: 2, total: 3 }],
);

describe('on a terminal', () => {
  it('shows a build at work', () => {
    expect(screen(viewOf(build), 100)).toMatchInlineSnapshot(`
      "run 20261122-184902-k3f9   debian-12 amd64 -> bread
      ✔ preflight      systemd 252, debootstrap 1.0.128, 72 GiB free                                 0.1s
      ✔ archive        from cache, built 3 minutes ago
      ! first-stage    the proxy is slow
      ◒ first-stage    ━━━━━━━━━━━━━━━━━━━─────────────  60%  21s
        └ downloading packages 18.4/30.4 MiB  libsystemd0_252.39-1~deb12u1_amd64_a_very_long_name_for_a_…"
    `);
  });

  it('shows the same at 60 columns, and nothing wraps', () => {
    const text = screen(viewOf(build), 60);
    expect(text).toMatchInlineSnapshot(`
      "run 20261122-184902-k3f9   debian-12 amd64 -> bread
      ✔ preflight      systemd 252, debootstrap 1.0.128, 7…  0.1s
      ✔ archive        from cache, built 3 minutes ago
      ! first-stage    the proxy is slow
      ◒ first-stage    ━━━━━━━━━━━━━━━━━━━─────────────  60%  21s
        └ downloading packages 18.4/30.4 MiB  libsystemd0_252.39…"
    `);
    expect(Math.max(...text.split('\n').map(widthOf))).toBeLessThan(60);
  });

  it('wraps at no width', () => {
    for (let width = 20; width <= 200; width += 7) {
      for (const view of [viewOf(build), viewOf(build, end), viewOf(broken), viewOf(resumed)]) {
        for (const line of screen(view, width).split('\n'))
          expect(widthOf(line), `${width}: ${line}`).toBeLessThan(width);
      }
    }
  });

  it('shows a finished build', () => {
    expect(screen(viewOf(build, end), 100)).toMatchInlineSnapshot(`
      "run 20261122-184902-k3f9   debian-12 amd64 -> bread
      ✔ preflight      systemd 252, debootstrap 1.0.128, 72 GiB free                                 0.1s
      ✔ archive        from cache, built 3 minutes ago
      ! first-stage    the proxy is slow
      ✔ first-stage    bookworm, 104 packages (miss: arch is arm64, was amd64)                        38s"
    `);
  });

  it('shows a failure with its last output', () => {
    expect(screen(viewOf(broken), 100)).toMatchInlineSnapshot(`
      "run 20261122-184902-k3f9   debian-12 amd64 -> bread
      ↻ first-stage    attempt 1 of 3 failed, again in 4.0s: the signature does not verify
      ✖ first-stage    failed after 0.4s
        ::error::100% broken"
    `);
    expect(viewOf(broken).failedLog).toBe('/runs/x/first-stage.2.log');
  });

  it('shows where a resumed run goes on, and an interruption', () => {
    expect(screen(viewOf(resumed), 100)).toMatchInlineSnapshot(`
      "resuming run 20261122-184902-k3f9 at first-stage (--fresh starts over)
      ↷ preflight, archive    done before
      ■ first-stage    interrupted while unpacking (27s)"
    `);
  });

  it('shows no more steps than there are rows', () => {
    const many = ['a', 'b', 'c', 'd', 'e'].map((id): readonly [number, ReturnType<typeof started>] => [1, started(id)]);
    expect(ttyLive(viewOf(recorded([0, begun], ...many)), form(80), 7)).toHaveLength(4);
    expect(ttyLive(viewOf(recorded([0, begun], ...many)), form(80), 7).at(-1)).toBe('  and 2 more');
  });

  it('paints when it may', () => {
    const paint = makePaint('always', { write: () => true }, { NO_COLOR: '1' });
    expect(ttySettled(viewOf(build), 0, { ...form(80), paint }).join('')).toContain('\u001b[32m✔\u001b[39m');
  });
});

describe('as plain lines', () => {
  it('has one line for each change', () => {
    expect(plainLines(viewOf(build, end), 0, plain).join('\n')).toMatchInlineSnapshot(`
      "machinespawn 0.1.0 run 20261122-184902-k3f9: bootstrap debian-12 amd64 -> bread
      [ 0.1s] preflight    start
      [ 0.2s] preflight    ok: systemd 252, debootstrap 1.0.128, 72 GiB free (0.1s)
      [ 0.3s] archive      ok: from cache, built 3 minutes ago
      [ 0.4s] first-stage  start (miss: arch is arm64, was amd64)
      [ 0.5s] first-stage  package lists
      [ 6.5s] first-stage  downloading packages
      [ 7.0s] first-stage  warning: the proxy is slow
      [38.4s] first-stage  ok: bookworm, 104 packages (38s)
      [38.5s] done: /var/lib/machines/bread"
    `);
  });

  it('has a failure with its last output', () => {
    expect(plainLines(viewOf(broken), 0, plain).join('\n')).toMatchInlineSnapshot(`
      "machinespawn 0.1.0 run 20261122-184902-k3f9: bootstrap debian-12 amd64 -> bread
      [ 0.1s] first-stage  start
      [ 0.4s] first-stage  attempt 1 of 3 failed, again in 4.0s: the signature does not verify
      [ 4.4s] first-stage  start (attempt 2)
      [ 4.8s] first-stage  failed after 0.4s
        ::error::100% broken
      [ 5.0s] failed"
    `);
  });

  it('says where it goes on', () => {
    expect(plainLines(viewOf(resumed), 0, plain).slice(0, 3)).toEqual([
      'machinespawn 0.1.0 run 20261122-184902-k3f9: bootstrap debian-12 amd64 -> bread',
      'resuming at first-stage (--fresh starts over)',
      'done before: preflight, archive',
    ]);
  });

  it('has a heartbeat for what is at work', () => {
    expect(heartbeatLines(viewOf(build), at(67))).toEqual([
      '[67.0s] first-stage  still running: downloading packages 18.4/30.4 MiB  libsystemd0_252.39-1~deb12u1_amd64_a_very_long_name_for_a_package',
    ]);
    expect(heartbeatLines(viewOf(build, end), at(67))).toEqual([]);
  });

  it('shows output of programs with -vv only, without escape sequences', () => {
    const lines = plainLines(viewOf(build), 0, { ...plain, verbose: 2 });
    expect(lines).toContain('[ 6.6s] first-stage  | I: Retrieving libsystemd0');
    expect(plainLines(viewOf(build), 0, plain).join('\n')).not.toContain('Retrieving');
  });
});

describe('for GitHub', () => {
  it('groups the lines of a step and annotates its failure', () => {
    expect(githubLines(viewOf(broken), 0, plain).join('\n')).toMatchInlineSnapshot(`
      "machinespawn 0.1.0 run 20261122-184902-k3f9: bootstrap debian-12 amd64 -> bread
      ::group::first-stage
      [ 0.1s] first-stage  start
      [ 0.4s] first-stage  attempt 1 of 3 failed, again in 4.0s: the signature does not verify
      [ 4.4s] first-stage  start (attempt 2)
      [ 4.8s] first-stage  failed after 0.4s
        : :error::100% broken
      ::endgroup::
      ::error title=first-stage::the signature does not verify (MSP_SIGNATURE_BAD)
      [ 5.0s] failed"
    `);
  });

  it('writes the same whether it is asked once or after each event', () => {
    const view = newRunView();
    const lines: string[] = [];
    for (const event of [...build, ...end]) {
      const from = view.notes.length;
      applyEvent(view, event);
      lines.push(...githubLines(view, from, plain));
    }
    expect(lines).toEqual(githubLines(viewOf(build, end), 0, plain));
  });

  it('sums up', () => {
    expect(githubSummary(viewOf(build, end)).join('\n')).toMatchInlineSnapshot(`
      "### machinespawn bootstrap: debian-12 amd64 -> bread

      | step | result | | time |
      | --- | --- | --- | --- |
      | preflight | succeeded | systemd 252, debootstrap 1.0.128, 72 GiB free | 0.1s |
      | archive | cached | bookworm |  |
      | first-stage | succeeded | bookworm, 104 packages | 38s |
      "
    `);
  });
});

describe('amounts', () => {
  it.each([
    [40, '0.0s'],
    [9940, '9.9s'],
    [9960, '10s'],
    [59_600, '1m 00s'],
    [72_000, '1m 12s'],
    [7_380_000, '2h 03m'],
    [-5, '0.0s'],
  ])('%i ms is %s', (durationMs, text) => expect(elapsed(durationMs)).toBe(text));

  it.each([
    [{ done: 61, total: 104, unit: 'items' as const }, '61/104'],
    [{ done: 58, total: null, unit: 'percent' as const }, '58%'],
    [{ done: 2048, total: null, unit: 'bytes' as const }, '2 KiB'],
    [{ done: 100, total: 900, unit: 'bytes' as const }, '100/900 B'],
    [{ done: null, total: null, unit: null }, null],
  ])('%o is %s', (step, text) => expect(amountOf(step)).toBe(text));

  it('says what a step waits for', () => {
    const view = viewOf(
      recorded(
        [0, begun],
        [1, started('archive')],
        [2, { type: 'step.waiting', step: 'archive', holder: 'run x (pid 7)' }],
      ),
    );
    const [step] = [...view.active.values()];
    expect(step === undefined ? '' : activityOf(step)).toBe('waiting for run x (pid 7)');
  });
});

it('costs linearly: 20,000 steps are folded and drawn in a moment', () => {
  const view = newRunView();
  const before = performance.now();
  let shown = 0;
  for (const event of recorded(
    [0, begun],
    ...Array.from({ length: 20_000 }, (_value, index) => [
      [index, started(`s${index}`)] as const,
      [index, done(`s${index}`, null, 1)] as const,
    ]).flat(),
  )) {
    applyEvent(view, event);
    shown += ttySettled(view, view.notes.length, form(80)).length;
  }
  expect(performance.now() - before).toBeLessThan(2000);
  expect(view.done).toBe(20_000);
  expect(shown).toBe(0);
});

describe('steps that were skipped', () => {
  const skipping = (file: string | null, verbose: number): string => {
    const view = viewOf(
      recorded([0, { ...begun, file } as RunEvent], [1, { type: 'step.skipped', step: 'archive', why: 'not wanted' }]),
    );
    return [
      ...plainLines(view, 0, { ...plain, verbose }),
      ...ttySettled(view, 0, { ...form(80), verbose }),
      ...githubLines(view, 0, { ...plain, verbose }),
    ].join('\n');
  };

  it('show in pipelines of a person, and in built-in ones only with -v', () => {
    expect(skipping('/home/alice/mine.yaml', 0).match(/skipped: not wanted/gu)).toHaveLength(3);
    expect(skipping(null, 0)).not.toContain('skipped');
    expect(skipping(null, 1).match(/skipped: not wanted/gu)).toHaveLength(3);
  });
});
