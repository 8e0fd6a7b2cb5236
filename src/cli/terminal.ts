/** The outside of the command line: streams, environment, clock. Handed in, so that tests hand in others. */
import { stripVTControlCharacters, styleText } from 'node:util';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export type InputStream = NodeJS.ReadableStream & { readonly isTTY?: boolean };

export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

export type Paint = (style: 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold', text: string) => string;

export interface Terminal {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Environment;
  readonly signals: SignalSource;
  readonly nowMs: () => number;
  /** A line of data. */
  out(line: string): void;
  /** A line for the person; nothing with --quiet. */
  say(line: string): void;
  /** Colors for stderr and for stdout. */
  readonly paint: Paint;
  readonly paintOut: Paint;
}

/** `auto` obeys NO_COLOR and FORCE_COLOR, then asks whether this is a terminal that knows colors. */
export function makePaint(when: 'auto' | 'always' | 'never', stream: OutputStream, env: Environment): Paint {
  return hasColor(when, stream, env)
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_style, text) => text;
}

function hasColor(when: 'auto' | 'always' | 'never', stream: OutputStream, env: Environment): boolean {
  if (when !== 'auto') return when === 'always';
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR'] !== undefined) return env['FORCE_COLOR'] !== '0';
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

/** A text of a program or a file as one harmless line: no escape sequences, no control characters. */
export function harmless(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f]+/gu, ' ');
}
