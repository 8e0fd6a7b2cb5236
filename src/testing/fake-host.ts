/** What a test says about the pretended host of a case. */
import type { Arch } from '../model/arch.ts';
import type { CacheItem } from '../host/services.ts';
import type { World } from './world.ts';

export interface ProgramCall {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  /** Files by their path on the pretended host: `world.real(path)` is where they are. */
  readonly world: World;
  /** A line on stdout. */
  readonly print: (line: string) => void;
  /** A line on stderr. */
  readonly complain: (line: string) => void;
  /** A line on descriptor 3. */
  readonly status: (line: string) => void;
}

/** A pretended program: each `yield` is one more moment at which it can be cut off. Returns its exit code; 0 when it returns nothing. */
export type Program = (call: ProgramCall) => Generator<void, number | void>;

/** What a URL answers: a body, a status of failure, or nothing at all, as if its host could not be reached. */
export type Answer = string | Buffer | number | typeof unreachable;

export const unreachable = Symbol('unreachable');

export interface FakeHost {
  readonly programs?: Readonly<Record<string, Program>>;
  /** URLs that are not listed answer 404. */
  readonly net?: Readonly<Record<string, Answer>>;
  /** @default amd64 */
  readonly arch?: Arch;
  /** Architectures that run here besides its own. @default none */
  readonly runs?: Partial<Readonly<Record<Arch, 'native' | 'qemu'>>>;
  /** @default 0 */
  readonly uid?: number;
  /** Is systemd PID 1? @default false */
  readonly systemd?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** ISO 8601. @default 2026-11-22T12:00:00Z */
  readonly now?: string;
  /** @default 100 GiB everywhere */
  readonly freeBytes?: number;
  /** Outputs of pipelines that run inside of steps, by their name. */
  readonly pipelines?: Readonly<
    Record<string, (inputs: Readonly<Record<string, unknown>>, world: World) => Readonly<Record<string, unknown>>>
  >;
  /** Who uses a machine, by its name. */
  readonly holders?: Readonly<Record<string, string>>;
  /** What is kept to save work; an item is there as long as its path is. */
  readonly cache?: readonly (CacheItem & { readonly neededBy?: string })[];
}

/** The name says that nothing of it is real. */
export function fakeHost(host: FakeHost = {}): FakeHost {
  return host;
}

/** A program that prints these lines and ends well. */
export function prints(...lines: readonly string[]): Program {
  return function* program({ print }) {
    yield;
    for (const line of lines) print(line);
  };
}

/** A program that fails. */
export function exits(code: number, ...complaints: readonly string[]): Program {
  return function* program({ complain }) {
    yield;
    for (const line of complaints) complain(line);
    return code;
  };
}
