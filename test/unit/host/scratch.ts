import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import type { ErrorCode } from '../../../src/errors/catalog.ts';
import { Exec } from '../../../src/host/exec.ts';
import type { RunProgram } from '../../../src/host/run-program.ts';

/** A directory that is gone after the tests of the file. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'machinespawn-test-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Programs without a sandbox, as without root. */
export const runPlainly: RunProgram = async (command) =>
  await new Exec({ isRoot: false }).run(command, { signal: new AbortController().signal });

/** The promise rejects, or the function throws, with that code. */
export async function expectCode(work: Promise<unknown> | (() => unknown), code: ErrorCode): Promise<Error> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    expect(error).toMatchObject({ code });
    return error as Error;
  }
  throw new Error(`nothing was thrown; ${code} was expected`);
}
