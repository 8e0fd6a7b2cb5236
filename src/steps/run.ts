/** Runs a command or a script in a tree. Being a step, it runs once: its result is kept. */
import { z } from 'zod';
import { defineStep } from './define-step.ts';
import { parseBind } from './lib/parse-bind.ts';
import { runInTree } from './lib/run-in-tree.ts';

const scriptInside = '/run/machinespawn-script';
const variable = /^[A-Za-z_][A-Za-z0-9_]*=/u;

const input = z
  .strictObject({
    tree: z.string().describe('The tree to run in'),
    script: z.string().default('').describe('Lines for /bin/sh, which stops at the first that fails'),
    command: z.array(z.string()).default([]).describe('A command with its arguments, instead of a script'),
    network: z.boolean().default(false).describe("May it use the host's network?"),
    bind: z.array(z.string()).default([]).describe('Bind mounts, as SOURCE[:TARGET]'),
    bindReadOnly: z.array(z.string()).default([]).describe('The same, not to be written to'),
    setenv: z.array(z.string().regex(variable, 'not NAME=VALUE')).default([]).describe('Environment, as NAME=VALUE'),
    user: z.string().default('').describe("User inside; '' for root"),
    chdir: z.string().default('').describe("Directory inside; '' for the user's home"),
    epoch: z.int().min(0).nullable().default(null).describe('SOURCE_DATE_EPOCH inside, in seconds'),
  })
  .refine(({ script, command }) => (script === '') !== (command.length === 0), {
    error: 'give either a script or a command',
    path: ['script'],
  });

export const run = defineStep({
  id: 'run',
  summary: 'Run a command or a script in a tree',
  version: 1,
  input,
  output: z.strictObject({ tree: z.string().describe('The tree as the command left it') }),
  reuse: 'always',
  needs: { root: true, tools: ['systemd-nspawn'] },

  async run(context) {
    const { services, input } = context;
    const script = `${services.directories.scratch}/script`;
    if (input.script !== '') await services.files.writeText(script, `${input.script}\n`, { mode: 0o755 });
    const tree = await services.trees.change(input.tree, { whole: true });
    const [program = '/bin/sh', ...args] = input.command.length > 0 ? input.command : ['/bin/sh', '-e', scriptInside];
    await runInTree(context, tree, {
      command: [program, ...args],
      ...(input.script === '' ? {} : { label: 'script' }),
      network: input.network,
      binds: [
        ...(input.script === '' ? [] : [{ from: script, to: scriptInside, readOnly: true }]),
        ...input.bind.map((text) => parseBind(text, false)),
        ...input.bindReadOnly.map((text) => parseBind(text, true)),
      ],
      env: {
        ...(input.epoch === null ? {} : { SOURCE_DATE_EPOCH: String(input.epoch) }),
        ...Object.fromEntries(input.setenv.map((text) => text.split(/=(.*)/su, 2) as [string, string])),
      },
      ...(input.user === '' ? {} : { user: input.user }),
      ...(input.chdir === '' ? {} : { chdir: input.chdir }),
    });
    return { tree: tree.ref };
  },
});
