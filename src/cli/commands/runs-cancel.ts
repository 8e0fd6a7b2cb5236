import { defineCommand } from '../command.ts';

const pollMs = 100;

export const runsCancel = defineCommand({
  name: 'runs cancel',
  summary: 'Stop a run that goes on somewhere else; it can be resumed',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [{ name: 'run', summary: 'Its id, the first or last part of it, @last, or a machine', optional: true }],
  options: { noWait: { type: 'boolean', summary: 'Do not wait until it has ended' } },
  examples: [
    ['machinespawn runs cancel', 'the last one'],
    ['machinespawn runs cancel k3f9', 'by the end of its id'],
  ],
  details: 'Its steps get the time to end that Ctrl-C would give them. What is done stays saved.',

  async run({ positionals, options, app, terminal }) {
    const id = await app.cancelRun(positionals.run ?? '@last');
    for (;;) {
      const { status } = await app.showRun(id);
      if (status !== 'running') terminal.say(`Run ${id} is ${status}.`);
      else if (options.noWait) terminal.say(`Run ${id} is asked to stop.`);
      if (status !== 'running' || options.noWait) return 0;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  },
});
