/** Writes a plugin to begin with: it works, and its checks pass. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from './errors/machinespawn-error.ts';
import { newPluginFiles } from './plugins/new-plugin-files.ts';

const nameForm = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/u;

/** Into DIRECTORY/NAME. Nothing is replaced. Throws MSP_USAGE, MSP_FILE_UNWRITABLE. */
export async function newPlugin(name: string, directory: string): Promise<readonly string[]> {
  if (!nameForm.test(name) || name === 'core' || name === 'iso')
    throw fail('MSP_USAGE', {
      problem: `'${name}' cannot be the name of a plugin`,
      hint: 'lower-case words with dashes between them; core and iso are taken',
    });
  const place = join(directory, name);
  const files = Object.entries(newPluginFiles(name)).map(([file, text]) => ({ path: join(place, file), text }));
  try {
    await mkdir(place, { recursive: true });
    for (const { path, text } of files) await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    const { path = place, message } = error as NodeJS.ErrnoException;
    throw fail('MSP_FILE_UNWRITABLE', { path, problem: message }, error);
  }
  return files.map(({ path }) => path);
}
