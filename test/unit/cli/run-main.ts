import { EventEmitter } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import type { App } from '../../../src/app-types.ts';
import { main, type AppRequest } from '../../../src/cli/main.ts';
import { fakeApp } from './fake-app.ts';

export interface Outside {
  readonly app?: App;
  readonly env?: Readonly<Record<string, string>>;
  /** Text that a person types; with it stdin is a terminal. */
  readonly typed?: string;
  readonly stdin?: string;
  readonly isTty?: boolean;
  readonly columns?: number;
  readonly signals?: EventEmitter;
}

export interface Seen {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the composition root was told; null when it was not needed. */
  readonly request: AppRequest | null;
}

const nowMs = Date.parse('2026-11-22T20:51:15Z');

/** One command line, with streams that keep what is written. */
export async function runMain(argv: readonly string[], outside: Outside = {}): Promise<Seen> {
  let request: AppRequest | null = null;
  const stdout = keeper(outside.isTty ?? false, outside.columns ?? 80);
  const stderr = keeper(outside.isTty ?? false, outside.columns ?? 80);
  const code = await main({
    argv,
    env: outside.env ?? {},
    cwd: '/home/alice',
    stdin: keyboard(outside),
    stdout,
    stderr,
    signals: outside.signals ?? new EventEmitter(),
    nowMs: () => nowMs,
    createApp: (asked) => {
      request = asked;
      return outside.app ?? fakeApp();
    },
  });
  return { code, stdout: stdout.text(), stderr: stderr.text(), request };
}

function keyboard({ typed, stdin }: Outside): NodeJS.ReadableStream & { isTTY?: boolean } {
  if (typed === undefined) return Readable.from(stdin === undefined ? [] : [stdin]);
  return Object.assign(Readable.from([typed]), { isTTY: true });
}

function keeper(isTTY: boolean, columns: number) {
  const chunks: string[] = [];
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  return Object.assign(stream, { isTTY, columns, rows: 24, text: () => chunks.join('') });
}
