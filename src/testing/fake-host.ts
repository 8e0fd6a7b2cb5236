/** What a test says about the pretended host of a case. */
import type { Arch } from '../model/arch.ts';
import type { ProxyAnswer, ServiceRecord } from '../host/net-services.ts';
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

/** What a URL answers: a body, a status, both, or nothing at all, as if its host could not be reached. */
export type Answer =
  | string
  | Buffer
  | number
  | typeof unreachable
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> };

export const unreachable = Symbol('unreachable');

export interface FakeHost {
  readonly programs?: Readonly<Record<string, Program>>;
  /** URLs that are not listed answer 404; where nothing is listed, nothing answers a probe. */
  readonly net?: Readonly<Record<string, Answer>>;
  /** Proxies by their address: what comes of asking them for a URL. One that is not listed cannot be reached. */
  readonly proxies?: Readonly<Record<string, (url: string) => ProxyAnswer>>;
  /** SRV records of the DNS, by name. */
  readonly serviceRecords?: Readonly<Record<string, readonly ServiceRecord[]>>;
  /** What the clocks of servers say, ISO 8601. @default they say nothing */
  readonly serverTime?: string;
  /** @default amd64 */
  readonly arch?: Arch;
  /** Architectures that run here besides its own. @default none */
  readonly runs?: Partial<Readonly<Record<Arch, 'native' | 'qemu'>>>;
  /** Emulators that the kernel looks for inside a tree, by architecture. @default none */
  readonly emulatorsToBind?: Partial<Readonly<Record<Arch, string>>>;
  /** @default 0 */
  readonly uid?: number;
  /** Is systemd PID 1? @default false */
  readonly systemd?: boolean;
  /** Of this boot. */
  readonly bootId?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** ISO 8601. @default 2026-11-22T12:00:00Z */
  readonly now?: string;
  /** @default 100 GiB everywhere */
  readonly freeBytes?: number;
  /** What another run has locked for all of its time. @default nothing */
  readonly busyLocks?: readonly string[];
  /** What comes in through standard input. */
  readonly stdin?: string;
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
