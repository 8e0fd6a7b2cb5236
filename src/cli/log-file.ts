/** `--log-file FILE`: JSON lines of everything, through pino. */
import { dirname } from 'node:path';
import { access, constants } from 'node:fs/promises';
import { fail } from '../errors/machinespawn-error.ts';

export interface LogFile {
  write(record: object, text: string): void;
  close(): Promise<void>;
}

export const noLogFile: LogFile = { write: () => undefined, close: async () => undefined };

/** Appends to the file. Throws MSP_FILE_UNWRITABLE. */
export async function openLogFile(path: string): Promise<LogFile> {
  // CommonJS: a bundle knows its names only below `default`.
  const { default: pino } = await import('pino');
  try {
    await access(dirname(path), constants.W_OK);
    const destination = pino.destination({ dest: path, append: true, sync: true });
    const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
    return {
      write: (record, text) => logger.info(record, text),
      close: async () => destination.end(),
    };
  } catch (error) {
    throw fail('MSP_FILE_UNWRITABLE', { path, problem: error instanceof Error ? error.message : String(error) }, error);
  }
}
