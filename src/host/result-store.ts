import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { writeWhole } from './durable.ts';
import { errnoCode, unreadable, unwritable } from './file-error.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A finished result of a step. */
export interface StoredResult {
  readonly key: string;
  readonly type: string;
  readonly version: number;
  readonly identity: Json;
  readonly outputs: Json;
  readonly runId: string;
  readonly createdAt: string;
  readonly durationMs: number;
}

const format = 1;
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

function encode(result: StoredResult): string {
  const text = JSON.stringify(result);
  return `{"format":${format},"sha256":"${digestOf(text)}","result":${text}}\n`;
}

/** The result in a file's text, or what is wrong with it. */
function decode(text: string, type: string, key: string): StoredResult | string {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  if (typeof file !== 'object' || file === null || !('format' in file)) return 'it is not a result file';
  if (file.format !== format) return `it has format ${String(file.format)}; this version knows ${format}`;
  if (!('sha256' in file) || !('result' in file)) return 'it is not a result file';
  if (file.sha256 !== digestOf(JSON.stringify(file.result))) return 'its checksum is not right';
  // The checksum says that we wrote it, and we write nothing else.
  const result = file.result as StoredResult;
  if (result.key !== key || result.type !== type) return `it belongs to ${result.type} ${result.key.slice(0, 12)}`;
  return result;
}

/** A file that a power cut left empty or filled with zeros: the result is lost, not damaged. */
const isLost = (text: string): boolean => /^\0*$/u.test(text);

/** Finished results for every run: DIRECTORY/TYPE/KEY.json. A lost one is only a miss, so nothing is synced. */
export class ResultFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Null when there is none. Throws MSP_RESULT_CORRUPT. */
  async get(type: string, key: string): Promise<StoredResult | null> {
    const path = this.#pathOf(type, key);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (errnoCode(error) === 'ENOENT' || errnoCode(error) === 'ENOTDIR') return null;
      throw unreadable(path, error);
    }
    if (isLost(text)) return null;
    const result = decode(text, type, key);
    if (typeof result === 'string') throw fail('MSP_RESULT_CORRUPT', { key, problem: `${path}: ${result}` });
    return result;
  }

  /** Throws MSP_FILE_UNWRITABLE, MSP_DISK_FULL. */
  async put(result: StoredResult): Promise<void> {
    const path = this.#pathOf(result.type, result.key);
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await writeWhole(path, encode(result), { mode: 0o644, durable: false });
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  async remove(type: string, key: string): Promise<void> {
    const path = this.#pathOf(type, key);
    await rm(path, { force: true }).catch((error: unknown) => {
      throw unwritable(path, error);
    });
  }

  /** Newest first; damaged ones are left out. */
  async recent(type: string, limit: number): Promise<readonly StoredResult[]> {
    const directory = dirname(this.#pathOf(type, 'key'));
    const names = await readdir(directory).catch((error: unknown) => {
      if (errnoCode(error) === 'ENOENT') return [];
      throw unreadable(directory, error);
    });
    const dated = await Promise.all(
      names
        .filter((name) => name.endsWith('.json'))
        .map(async (name) => ({ name, mtimeMs: (await stat(join(directory, name)).catch(() => null))?.mtimeMs ?? 0 })),
    );
    const found: StoredResult[] = [];
    for (const { name } of dated.toSorted((a, b) => b.mtimeMs - a.mtimeMs)) {
      if (found.length >= limit) break;
      const result = await this.get(type, name.slice(0, -'.json'.length)).catch((error: unknown) => {
        if (MachinespawnError.is(error) && error.code === 'MSP_RESULT_CORRUPT') return null;
        throw error;
      });
      if (result !== null) found.push(result);
    }
    return found;
  }

  #pathOf(type: string, key: string): string {
    const words = [...type.split('/'), key].map((word) =>
      /^\.*$/u.test(word) ? `%${word}` : encodeURIComponent(word),
    );
    return `${join(this.#directory, ...words)}.json`;
  }
}
