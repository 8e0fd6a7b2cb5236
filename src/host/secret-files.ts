import { createHmac, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { scratchName, writeWhole } from './durable.ts';
import { errnoCode, unreadable, unwritable } from './file-error.ts';

interface Settings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Made when it is first needed; only its owner can read it. */
  readonly keyFile: string;
}

const maxBytes = 65_536;
const minLength = 4;

/** Secrets by where they are: "@FILE" or "env:NAME". */
export class SecretFiles {
  readonly #settings: Settings;
  #key: Promise<Buffer> | null = null;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** The same place, wherever somebody stands. */
  canonical(source: string): string {
    return source.startsWith('@') ? `@${resolve(this.#settings.cwd, source.slice(1))}` : source;
  }

  /** A last line break is not part of it. Throws MSP_SECRET_UNUSABLE, MSP_FILE_UNWRITABLE. */
  async open(name: string, source: string): Promise<{ readonly value: string; readonly digest: string }> {
    const value = (await this.#read(name, source)).replace(/\r?\n$/u, '');
    if (value.length < minLength)
      throw fail('MSP_SECRET_UNUSABLE', { name, source, problem: `it is shorter than ${minLength} letters` });
    this.#key ??= readOrMakeKey(this.#settings.keyFile);
    const digest = createHmac('sha256', await this.#key)
      .update(value)
      .digest('hex')
      .slice(0, 32);
    return { value, digest };
  }

  async #read(name: string, source: string): Promise<string> {
    if (!source.startsWith('@')) {
      const variable = source.replace(/^env:/u, '');
      const value = this.#settings.environment[variable];
      if (value !== undefined) return value;
      throw fail('MSP_SECRET_UNUSABLE', {
        name,
        source,
        problem: `there is no variable ${variable} in the environment`,
      });
    }
    const path = this.canonical(source).slice(1);
    try {
      const { size } = await stat(path);
      if (size > maxBytes)
        throw fail('MSP_SECRET_UNUSABLE', { name, source, problem: `it is larger than ${maxBytes} bytes` });
      return await readFile(path, 'utf8');
    } catch (error) {
      if (MachinespawnError.is(error)) throw error;
      throw fail('MSP_SECRET_UNUSABLE', { name, source, problem: unreadable(path, error).message }, error);
    }
  }
}

async function readOrMakeKey(path: string): Promise<Buffer> {
  for (;;) {
    try {
      return Buffer.from(await readFile(path, 'utf8'), 'hex');
    } catch (error) {
      if (errnoCode(error) !== 'ENOENT') throw unreadable(path, error);
    }
    const scratch = scratchName(path);
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await writeWhole(scratch, randomBytes(32).toString('hex'), { mode: 0o600, durable: true });
      // Never replaces: of two processes at once, both take the key of the quicker one.
      await link(scratch, path);
    } catch (error) {
      if (errnoCode(error) !== 'EEXIST') throw unwritable(path, error);
    } finally {
      await rm(scratch, { force: true });
    }
  }
}
