import { basename } from 'node:path';
import { defineCommand } from '../command.ts';

export const pipelineInit = defineCommand({
  name: 'pipeline init',
  summary: 'Write a pipeline file to begin with',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [
    { name: 'template', summary: 'A pipeline to begin from; hello otherwise', optional: true },
    { name: 'file', summary: 'Where to write it; TEMPLATE.yaml otherwise', optional: true },
  ],
  options: {},
  examples: [
    ['machinespawn pipeline init', 'the smallest one, hello.yaml'],
    ['machinespawn pipeline init bootstrap my-box.yaml', 'begin with how machines are built'],
  ],
  details:
    'Beside the file, pipeline.schema.json is written: with it an editor completes step types and their inputs. An existing file is never replaced.',

  async run({ positionals, app, terminal }) {
    const template = positionals.template ?? 'hello';
    const written = await app.initPipeline(template, positionals.file ?? `${basename(template, '.yaml')}.yaml`);
    for (const path of written) terminal.out(path);
    terminal.say(`Run it:  machinespawn pipeline run ${basename(written[0] ?? '')}`);
    return 0;
  },
});
