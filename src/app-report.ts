/** Writes a file for the person who called: whole or not at all, and theirs. */
import { giveTo, type Owner } from './app-artifacts.ts';
import { writeWhole } from './host/durable.ts';
import { unwritable } from './host/file-error.ts';

/** Replaces what is there; gives the path. Throws MSP_FILE_UNWRITABLE, MSP_DISK_FULL. */
export async function saveReport(path: string, text: string, owner: Owner): Promise<string> {
  try {
    await writeWhole(path, text, { mode: 0o644, durable: false });
    if (owner !== null) await giveTo(path, owner);
    return path;
  } catch (error) {
    throw unwritable(path, error);
  }
}
