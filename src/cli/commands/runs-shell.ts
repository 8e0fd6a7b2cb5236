import { defineCommand } from '../command.ts';
import { becomeRoot } from '../execute.ts';

export const runsShell = defineCommand({
  name: 'runs shell',
  summary: 'Open a shell in the tree that a step made',
  group: 'Pipelines',
  needsRoot: 'always',
  positionals: [
    { name: 'run', summary: 'Its id, the first or last part of it, @last, @failed, or a machine' },
    { name: 'step', summary: 'The last one that made a tree otherwise', optional: true },
  ],
  options: {},
  examples: [
    ['machinespawn runs shell @last', 'the newest tree of the last run'],
    ['machinespawn runs shell k3f9 second-stage', 'what one step made'],
  ],
  details: 'The shell works on a snapshot of its own: what it changes is thrown away. Its exit code is given on.',

  async run(invocation) {
    const { positionals, app } = invocation;
    await becomeRoot(invocation);
    return app.shell(positionals.run, positionals.step ?? null);
  },
});
