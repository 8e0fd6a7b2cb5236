// Prints the built-in pipelines, read and checked, as one JSON object by id. Those that need a plugin are left out.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inputTypes } from '../src/app-input-types.ts';
import { encodePipeline } from '../src/engine/pipeline-codec.ts';
import { parsePipeline } from '../src/engine/pipeline-file.ts';
import { StepRegistry } from '../src/engine/step-registry.ts';
import type { StepServices } from '../src/host/services.ts';
import { loadPlugin } from '../src/plugins/load-plugins.ts';
import { corePlugin } from '../src/steps/index.ts';

const directory = join(import.meta.dirname, '../pipelines');
const registry = new StepRegistry<StepServices>();
loadPlugin(corePlugin, registry);

const compiled: Record<string, unknown> = {};
for (const file of readdirSync(directory).filter((name) => name.endsWith('.yaml'))) {
  const text = readFileSync(join(directory, file), 'utf8');
  if (/^plugins:|^\s+uses: [\w-]+\//mu.test(text)) continue;
  const pipeline = await parsePipeline(text, { file: `pipelines/${file}`, registry, inputTypes });
  compiled[pipeline.id] = encodePipeline(pipeline);
}
process.stdout.write(JSON.stringify(compiled));
