import { basename } from 'node:path';
import type { App } from '../../app-types.ts';
import { defineCommand } from '../command.ts';
import { askText, canAsk } from '../confirm.ts';
import { tableLines } from '../table.ts';
import type { Terminal } from '../terminal.ts';

const usual = 'hello';

export const pipelineInit = defineCommand({
  name: 'pipeline init',
  summary: 'Write a pipeline file to begin with',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [
    { name: 'template', summary: 'A pipeline to begin from; asked for on a terminal, hello otherwise', optional: true },
    { name: 'file', summary: 'Where to write it; TEMPLATE.yaml otherwise', optional: true },
  ],
  options: {},
  examples: [
    ['machinespawn pipeline init', 'the smallest one, hello.yaml'],
    ['machinespawn pipeline init bootstrap my-box.yaml', 'begin with how machines are built'],
  ],
  details:
    'Beside the file, pipeline.schema.json is written: with it an editor completes step types and their inputs. An existing file is never replaced.',

  async run({ positionals, globals, app, terminal }) {
    const asked = positionals.template === undefined && canAsk(globals, terminal);
    const template = positionals.template ?? (asked ? await chooseTemplate(app, terminal) : usual);
    const written = await app.initPipeline(template, positionals.file ?? `${basename(template, '.yaml')}.yaml`);
    for (const path of written) terminal.out(path);
    terminal.say(`Run it:  machinespawn pipeline run ${basename(written[0] ?? '')}`);
    return 0;
  },
});

/** On a terminal, a person sees what there is to begin from. */
async function chooseTemplate(app: Pick<App, 'listPipelines'>, terminal: Terminal): Promise<string> {
  const known = (await app.listPipelines()).filter(({ problem }) => problem === null);
  const columns = [
    { title: '', cell: ({ name }: (typeof known)[number]) => name },
    { title: '', cell: ({ title }: (typeof known)[number]) => title },
  ];
  for (const line of tableLines(columns, known, false)) terminal.say(`  ${line}`);
  return (await askText(`Begin from which pipeline? [${usual}]`, terminal)) || usual;
}
