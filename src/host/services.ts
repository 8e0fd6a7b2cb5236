/** What a step may do to the world. Types only; `step-services.ts` is the real one, `src/testing` has a pretended one. */
import type { Arch } from '../model/arch.ts';
import type { ArtifactFile } from '../model/artifact.ts';
import type { Archives } from './archive-services.ts';
import type { Debs } from './debs/debs.ts';
import type { Digested, Net, Proxies, TakeInputOptions } from './net-services.ts';
import type { Trees } from './tree-services.ts';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Word for the log; the program's name otherwise. */
  readonly label?: string;
  /** Added to a clean environment (PATH, LC_ALL=C.UTF-8, TZ=UTC, HOME=/root …). */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** For standard input; nothing otherwise. */
  readonly stdin?: string | Buffer;
  /** Exit codes that are no failure. @default [0] */
  readonly okCodes?: readonly number[];
  /** Each line of stdout and stderr, as it comes. Goes to the step's log in any case. */
  readonly onLine?: (line: string) => void;
  /** Standard output as it comes, for what is no text, or too much of it: no lines, no log, and none in the result. */
  readonly onBytes?: (bytes: Buffer) => void;
  /** Each line that the program writes to descriptor 3. */
  readonly onStatusLine?: (line: string) => void;
  /** The same as bytes, instead of lines; they are good during the call only. */
  readonly onStatusBytes?: (bytes: Buffer) => void;
  /** Descriptor 3 is read no more often than this: for programs that write many short lines there. @default at once */
  readonly statusEachMs?: number;
  /** Ended when it takes longer than so many milliseconds. */
  readonly timeoutMs?: number;
  /** Kills it when aborted: it has then failed, and the step goes on. */
  readonly giveUp?: AbortSignal;
  /** Ended when it has written nothing at all for so long; the failure's data then have `isIdle`. */
  readonly idleMs?: number;
  /** Its own mount and PID namespace, dead when we die. Off for quick look-ups that start nothing. @default true */
  readonly sandbox?: boolean;
  /** `stdout` of the result is all of it, not only its last MiB. @default false */
  readonly wholeOutput?: boolean;
  /** The program only looks; it may run in a dry run. @default false */
  readonly reads?: boolean;
  /** When it is given, all the rest of the disk is read-only inside the sandbox. */
  readonly writable?: readonly string[];
  /** Directories that are empty and in memory inside the sandbox. */
  readonly memory?: readonly string[];
  /** Bind mounts made inside the sandbox before the program starts. */
  readonly binds?: readonly { readonly from: string; readonly to: string; readonly readOnly?: boolean }[];
}

export interface CommandResult {
  readonly exitCode: number;
  /** At most the last 1 MiB. */
  readonly stdout: string;
  readonly stderr: string;
}

/** `holder`: such as "process 4711"; null when that is not known. */
export type LockAnswer = { readonly isTaken: true } | { readonly isTaken: false; readonly holder: string | null };

export interface FileInfo {
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  readonly sizeBytes: number;
  /** What it takes of the disk: less than its size where it has holes. */
  readonly usedBytes: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeMs: number;
}

/** Files by absolute path of the host. */
export interface Files {
  /** Throws MSP_FILE_UNREADABLE. */
  readText(path: string): Promise<string>;
  /** Null when there is nothing; does not follow a last symlink. */
  info(path: string): Promise<FileInfo | null>;
  /** SHA-256 of the content: 64 hex digits; null when there is no such file. Throws MSP_FILE_UNREADABLE. */
  sha256(path: string): Promise<string | null>;
  /** Names, sorted; empty when there is no such directory. */
  list(directory: string): Promise<readonly string[]>;
  /** Whole or not at all, but not synced: for scratch, and for what has a digest in it. */
  writeBytes(path: string, bytes: Uint8Array | Iterable<Uint8Array>): Promise<void>;
  /**
   * Whole or not at all: scratch file, fsync, rename. In parts, it is never in memory as a whole. `durable` false leaves the
   * fsync out, for scratch: it would wait for whatever else is being written to the disk.
   */
  writeText(
    path: string,
    text: string | Iterable<string | Uint8Array>,
    options?: { readonly mode?: number; readonly durable?: boolean },
  ): Promise<void>;
  makeDirectory(path: string, options?: { readonly mode?: number }): Promise<void>;
  /** Durable rename that never replaces anything. Throws MSP_FILE_UNWRITABLE. */
  publish(from: string, to: string): Promise<void>;
  /** A second name on the same file system, in the place of what has it; whole or not at all. Throws MSP_FILE_UNWRITABLE. */
  link(from: string, to: string): Promise<void>;
  /** Removes a file or tree on one file system; throws MSP_TREE_HAS_MOUNTS when something is mounted below. */
  remove(path: string): Promise<void>;
  freeBytes(path: string): Promise<number>;
  /** Reads the whole file. Throws MSP_FILE_UNREADABLE. */
  digest(path: string, onProgress?: (doneBytes: number) => void): Promise<Digested>;
  /** Keeps what comes in through standard input, to its end. Throws MSP_DOWNLOAD_TOO_LARGE, MSP_DISK_FULL, MSP_SPACE_LOW. */
  takeInput(options: TakeInputOptions): Promise<Digested>;
}

/** Files of a root file system by their path inside it; a symlink in it cannot lead out of it. */
export interface RootFiles {
  readonly path: string;
  /** The host's path of what is at `path`, all symlinks followed inside the tree: for programs. It need not exist. */
  resolve(path: string): Promise<string>;
  readText(path: string): Promise<string | null>;
  /** The first bytes, as base64; null when there is no such file. */
  readStart(path: string, bytes: number): Promise<Buffer | null>;
  info(path: string): Promise<FileInfo | null>;
  list(directory: string): Promise<readonly string[]>;
  /** Parents are made as needed (0755). */
  writeText(path: string, text: string, options?: { readonly mode?: number }): Promise<void>;
  symlink(path: string, target: string): Promise<void>;
  /** Removes what is there, whole trees too; nothing when there is nothing. */
  remove(path: string): Promise<void>;
  makeDirectory(path: string, options?: { readonly mode?: number }): Promise<void>;
}

/**
 * Small files in the cache, found again another time. What is lost can be learned anew.
 * A step that only looks in a dry run keeps them for its own time.
 */
export interface Memory {
  /** `name`: path below the cache directory. Null when there is nothing. */
  recall(name: string): Promise<{ readonly data: Buffer; readonly path: string } | null>;
  /** Whole or not at all; gives the path. */
  keep(name: string, data: string | Uint8Array): Promise<string>;
}

/** Files that are results, kept by their content. What `keep` gives goes into the step's outputs as it is. */
export interface Artifacts {
  /** Path for a new file of this name. What is not kept is gone when the step ends. */
  create(name: string): Promise<string>;
  /**
   * Takes a finished file, durably: it is gone from `path`, and nobody changes it any more. Its last name is that of the artifact.
   * Throws MSP_FILE_UNREADABLE, MSP_FILE_UNWRITABLE, MSP_DISK_FULL.
   */
  keep(path: string): Promise<ArtifactFile>;
  /** Path of a kept file, only to be read. `ref` is its `artifact`. Throws MSP_ARTIFACT_MISSING, MSP_ARTIFACT_DAMAGED. */
  open(ref: string): Promise<string>;
}

export interface HostFacts {
  readonly arch: Arch;
  /** Effective user id. */
  readonly uid: number;
  /** Is systemd PID 1 here? */
  readonly systemd: boolean;
  /** The kernel's id of this boot: what was not synced in another one may be torn. */
  readonly bootId: string;
  /** Path of a program on a fixed PATH, or null. */
  findProgram(name: string): Promise<string | null>;
  /** Environment variables that are honoured, by name; undefined when unset. */
  env(name: 'http_proxy' | 'https_proxy' | 'no_proxy' | 'all_proxy' | 'SOURCE_DATE_EPOCH'): string | undefined;
  /**
   * Do programs of that architecture run here? Found out by running a tiny one.
   * `problem` says why not, such as "no binfmt_misc entry 'qemu-aarch64'"; null when they run.
   */
  canRun(arch: Arch): Promise<{
    readonly runs: 'native' | 'qemu' | 'no';
    readonly problem: string | null;
    /** Path of the emulator where the kernel looks for it inside a tree, so that it has to be bound there. */
    readonly emulatorToBind?: string;
  }>;
  readonly nowMs: () => number;
  randomHex(bytes: number): string;
}

/** A machine on this host, as `list` shows it. */
export interface MachineEntry {
  readonly name: string;
  readonly path: string;
  readonly type: 'directory' | 'subvolume' | 'raw';
  /** Is it in use: booted, or by a command? Null when nobody holds it. */
  readonly holder: string | null;
  /** As systemd sees it: immutable, a subvolume that is read-only, or without any permission to write. */
  readonly readOnly: boolean;
}

export interface Machines {
  readonly directory: string;
  find(name: string): Promise<MachineEntry | null>;
  list(): Promise<readonly MachineEntry[]>;
  /** What machinespawn knows of it: written by register-machine, gone with remove-machine. */
  readRecord(name: string): Promise<Readonly<Record<string, unknown>> | null>;
  writeRecord(name: string, record: Readonly<Record<string, unknown>>): Promise<void>;
  removeRecord(name: string): Promise<void>;
}

/** Something kept that can be built or fetched again, as `cache ls` and `clean-cache` show it. */
export interface CacheItem {
  readonly kind: 'snapshot' | 'result' | 'artifact' | 'package' | 'unpacked' | 'download' | 'run';
  readonly id: string;
  readonly path: string;
  readonly sizeBytes: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string | null;
  /** What it is, such as "debian-12 amd64 minbase, base". */
  readonly text: string;
  /** Image that it belongs to, such as "debian-12"; null when it serves several. */
  readonly image: string | null;
  /** Needed by an unfinished run, by a running build or by another item: it is never removed. */
  readonly inUse: boolean;
}

/** Everything that is kept to save work, and how to let go of it. */
export interface Keeper {
  items(): Promise<readonly CacheItem[]>;
  /** Removes those of the items that are not in use (asked again at this moment); gives what was removed. */
  remove(items: readonly CacheItem[]): Promise<readonly CacheItem[]>;
}

/** What a step hears of a pipeline that runs inside it. The step's own context fits. */
export interface PipelineListener {
  progress(progress: {
    readonly phase?: string;
    readonly done?: number;
    readonly total?: number;
    readonly unit?: 'bytes' | 'items' | 'percent';
    readonly text?: string;
  }): void;
  readonly log: { info(text: string): void; warn(text: string): void; output(line: string): void };
  /** Is what was stored before not to be used? */
  readonly anew: boolean;
}

export interface PipelineForesight {
  /** `hit`: every result that it needs is stored. */
  readonly cache: 'hit' | 'miss' | 'unknown';
  readonly why: string;
  /** Null when they are not known before it runs. */
  readonly outputs: Readonly<Record<string, unknown>> | null;
}

/** Pipelines that ship, run as a part of a step: their steps' results are kept and reused as in any other run. */
export interface Pipelines {
  /** Gives its outputs. Throws what its failed step threw, and MSP_CANCELLED. */
  run(
    name: string,
    inputs: Readonly<Record<string, unknown>>,
    listener: PipelineListener,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** What would come of it. Changes nothing. Throws what a step that looks throws. */
  foresee(
    name: string,
    inputs: Readonly<Record<string, unknown>>,
    options: Pick<PipelineListener, 'anew'>,
  ): Promise<PipelineForesight>;
}

export interface StepServices {
  readonly debs: Debs;
  readonly keeper: Keeper;
  readonly pipelines: Pipelines;
  readonly facts: HostFacts;
  readonly files: Files;
  readonly net: Net;
  readonly memory: Memory;
  readonly proxies: Proxies;
  readonly archives: Archives;
  readonly trees: Trees;
  readonly artifacts: Artifacts;
  readonly machines: Machines;
  readonly directories: {
    readonly cache: string;
    readonly packages: string;
    readonly state: string;
    readonly scratch: string;
  };
  root(path: string): RootFiles;
  /** Throws MSP_TOOL_FAILED, MSP_TOOL_MISSING, MSP_DISK_FULL. */
  exec(command: Command): Promise<CommandResult>;
  /** The caller's terminal belongs to the program until it ends; gives its exit code. */
  execOnTerminal(
    command: Pick<Command, 'file' | 'args' | 'env' | 'sandbox' | 'memory'>,
  ): Promise<{ readonly exitCode: number }>;
  /** A lock across processes, held until the step ends. */
  lock(name: string): Promise<void>;
  /** The same until the run ends, for its later steps, too. Does not wait when another run has it. */
  lockForRun(name: string): Promise<LockAnswer>;
}
