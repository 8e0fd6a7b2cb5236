/** A pipeline file to begin with. */
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { AppPipelines } from './app-pipelines.ts';
import { schemaOf } from './app-step-types.ts';
import type { World } from './app-world.ts';
import { writeWhole } from './host/durable.ts';
import { unwritable } from './host/file-error.ts';

const schemaName = 'pipeline.schema.json';
const schemaLine = `# yaml-language-server: $schema=${schemaName}`;

/** `file` is absolute. An existing pipeline is never replaced; the schema, which is generated, is. */
export async function initPipeline(
  world: World,
  pipelines: AppPipelines,
  template: string,
  file: string,
): Promise<readonly string[]> {
  const { text } = await pipelines.read(template);
  const schemaFile = join(dirname(file), schemaName);
  try {
    await writeFile(file, renamed(text, template, idOf(file), basename(file)), { flag: 'wx' });
  } catch (error) {
    throw unwritable(file, error);
  }
  try {
    await writeWhole(schemaFile, `${JSON.stringify(await schemaOf(world), null, 2)}\n`, {
      mode: 0o644,
      durable: false,
    });
  } catch (error) {
    throw unwritable(schemaFile, error);
  }
  return [file, schemaFile];
}

/** The file's name as the id of a pipeline. */
function idOf(file: string): string {
  const words = basename(file)
    .replace(/\.ya?ml$/u, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/u)
    .filter((word) => word !== '');
  return words
    .join('-')
    .replace(/^(?=[^a-z]|$)/u, 'my-')
    .replace(/-$/u, '')
    .slice(0, 64);
}

function renamed(text: string, template: string, id: string, name: string): string {
  const body = text.replace(/^# yaml-language-server:.*\n/mu, '').replace(/^id: .*$/mu, `id: ${id}`);
  const own = body.replaceAll(`machinespawn pipeline run ${template}`, `machinespawn pipeline run ${name}`);
  return `${schemaLine}\n${own}`;
}
