/** Inputs of a run from a file. */
import { readFile } from 'node:fs/promises';
import { readInputsFile } from './engine/inputs-file.ts';
import { unreadable } from './host/file-error.ts';

/** Throws MSP_FILE_UNREADABLE, MSP_PIPELINE_INVALID. */
export async function readInputsOf(file: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unreadable(file, error);
  });
  return readInputsFile(text, file);
}
