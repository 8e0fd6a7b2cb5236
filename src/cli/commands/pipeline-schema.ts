import { defineCommand } from '../command.ts';

export const pipelineSchema = defineCommand({
  name: 'pipeline schema',
  summary: 'Print the JSON schema of pipeline files, for editors',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [],
  options: {},
  examples: [['machinespawn pipeline schema > pipeline.schema.json', 'to a file']],

  async run({ app, terminal }) {
    terminal.out(JSON.stringify(await app.pipelineSchema(), null, 2));
    return 0;
  },
});
