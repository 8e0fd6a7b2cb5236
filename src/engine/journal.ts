/** The journal of a run: one checksummed line per event, never changed. The state of a run is the fold of these events. */
import { crc32 } from 'node:zlib';
import { fail, type ErrorRecord } from '../errors/machinespawn-error.ts';
import type { Json } from './step.ts';

export type JournalBody =
  | {
      readonly type: 'RUN_OPENED';
      readonly reason: 'start' | 'resume';
      readonly pid: number;
      readonly host: string;
      readonly bootId: string;
      readonly user: string;
      readonly version: string;
      /** Bytes of a torn last line that were cut off. */
      readonly torn: number;
    }
  | { readonly type: 'CANCEL_REQUESTED'; readonly reason: string }
  | {
      readonly type: 'RUN_CLOSED';
      readonly status: 'succeeded' | 'failed' | 'interrupted' | 'paused';
      readonly error: ErrorRecord | null;
      readonly outputs: Readonly<Record<string, Json>> | null;
      readonly exitCode: number;
    }
  | {
      readonly type: 'START';
      readonly step: string;
      readonly attempt: number;
      readonly key: string;
      readonly identity: Json;
    }
  | {
      readonly type: 'CACHED';
      readonly step: string;
      readonly key: string;
      readonly outputs: Json;
      readonly from: { readonly run: string; readonly createdAt: string };
    }
  | {
      readonly type: 'DONE';
      readonly step: string;
      readonly key: string;
      readonly outputs: Json;
      readonly durationMs: number;
    }
  | {
      readonly type: 'FAIL';
      readonly step: string;
      readonly error: ErrorRecord;
      /** Absolute, so that the wait survives a restart; null when there is no further attempt. */
      readonly retryAt: number | null;
      readonly durationMs: number;
    }
  | { readonly type: 'LOST'; readonly step: string; readonly why: 'cut off' | 'cancelled' }
  | { readonly type: 'RETRY'; readonly step: string }
  | {
      readonly type: 'INVALIDATE';
      readonly step: string;
      readonly why: string;
      /** No stored result is taken either, until it is done. */
      readonly anew?: true;
    }
  | { readonly type: 'SKIP'; readonly step: string; readonly why: string }
  | { readonly type: 'BLOCK'; readonly step: string; readonly why: string };

export type JournalEntry = JournalBody & { readonly seq: number; readonly ts: number };

/** `crc32 of the JSON in eight hex digits, space, JSON, newline`. */
export function encodeEntry(entry: JournalEntry): string {
  const json = JSON.stringify(entry);
  return `${checksum(json)} ${json}\n`;
}

export interface JournalReading {
  readonly entries: readonly JournalEntry[];
  /** Bytes of the undamaged part. */
  readonly keepBytes: number;
  /** Bytes of a last line that was cut off while it was written. */
  readonly tornBytes: number;
}

/**
 * Reads a journal. A last line that is torn is left out, since nothing was done after it; any other damage is refused.
 * Throws MSP_JOURNAL_CORRUPT.
 */
export function readJournal(text: string, run: string): JournalReading {
  const entries: JournalEntry[] = [];
  let at = 0;
  let keepBytes = 0;
  while (at < text.length) {
    const end = text.indexOf('\n', at);
    const line = end === -1 ? text.slice(at) : text.slice(at, end);
    const entry = end === -1 ? null : decodeLine(line);
    if (entry === null) {
      const isLast = end === -1 || end === text.length - 1;
      if (!isLast)
        throw fail('MSP_JOURNAL_CORRUPT', { run, line: entries.length + 1, problem: 'its checksum does not fit' });
      return { entries, keepBytes, tornBytes: Buffer.byteLength(text.slice(at)) };
    }
    if (entry.seq !== entries.length) {
      throw fail('MSP_JOURNAL_CORRUPT', {
        run,
        line: entries.length + 1,
        problem: `entry ${entries.length} is missing, ${entry.seq} is there`,
      });
    }
    entries.push(entry);
    keepBytes += Buffer.byteLength(line) + 1;
    at = end + 1;
  }
  return { entries, keepBytes, tornBytes: 0 };
}

function decodeLine(line: string): JournalEntry | null {
  const json = line.slice(9);
  if (line[8] !== ' ' || checksum(json) !== line.slice(0, 8)) return null;
  return JSON.parse(json) as JournalEntry;
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}
