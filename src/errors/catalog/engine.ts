import { entry } from '../entry.ts';

/** Pipelines, plans, runs, journals. */
export const engineErrors = {
  MSP_PIPELINE_INVALID: entry<{ faults: readonly { readonly text: string }[] }>({
    exit: 3,
    message: ({ faults }) => faults.map((fault) => fault.text).join('\n'),
  }),
  MSP_PIPELINE_NOT_FOUND: entry<{ name: string; nearest?: string | null }>({
    exit: 4,
    message: ({ name }) => `there is no pipeline '${name}'`,
    hint: ({ nearest }) => (nearest ? `did you mean '${nearest}'?` : 'machinespawn pipeline list'),
  }),
  MSP_INPUT_INVALID: entry<{ pipeline: string; input: string; problem: string }>({
    exit: 2,
    message: ({ pipeline, input, problem }) => `input '${input}' of pipeline ${pipeline}: ${problem}`,
    hint: ({ pipeline }) => `machinespawn pipeline show ${pipeline}`,
  }),
  MSP_MATRIX_INVALID: entry<{ pipeline: string; problem: string }>({
    exit: 3,
    message: ({ pipeline, problem }) => `the matrix of pipeline ${pipeline}: ${problem}`,
    hint: ({ pipeline }) => `machinespawn pipeline show ${pipeline}`,
  }),
  MSP_SELECTION_INVALID: entry<{ pipeline: string; problem: string; hint: string | null }>({
    exit: 2,
    message: ({ pipeline, problem }) => `pipeline ${pipeline}: ${problem}`,
    hint: ({ hint }) => hint ?? undefined,
  }),
  MSP_SECRET_UNUSABLE: entry<{ name: string; source: string; problem: string }>({
    exit: 2,
    message: ({ name, source, problem }) => `the secret '${name}' cannot be taken from ${source}: ${problem}`,
    hint: ({ name }) => `-i ${name}=@FILE; sudo hands variables on only with --preserve-env`,
  }),
  MSP_SECRET_IN_RESULT: entry<{ step: string; name: string }>({
    exit: 1,
    message: ({ step, name }) => `step '${step}' returned the secret '${name}', and results are kept on the disk`,
    hint: () => 'hand a secret only to a step that uses it and does not return it',
  }),
  MSP_EXPRESSION_FAILED: entry<{ expression: string; problem: string }>({
    exit: 3,
    message: ({ expression, problem }) => `\${{ ${expression} }}: ${problem}`,
  }),
  MSP_STEP_INPUT_INVALID: entry<{ step: string; problem: string }>({
    exit: 3,
    message: ({ step, problem }) => `step '${step}' got an input it cannot use: ${problem}`,
  }),
  MSP_STEP_OUTPUT_INVALID: entry<{ step: string; problem: string }>({
    exit: 70,
    message: ({ step, problem }) => `step '${step}' returned something that its schema does not allow: ${problem}`,
    hint: () => 'this is a fault of the step; its author should hear of it',
  }),
  MSP_STEP_TIMEOUT: entry<{ step: string; limitMs: number }>({
    exit: 124,
    message: ({ step, limitMs }) => `step '${step}' did not end within ${Math.round(limitMs / 1000)} s`,
  }),
  MSP_RUN_TIMEOUT: entry<{ limitMs: number }>({
    exit: 124,
    message: ({ limitMs }) => `the run did not end within ${Math.round(limitMs / 1000)} s (--timeout)`,
  }),
  MSP_STEP_CRASHED: entry<{ step: string; problem: string }>({
    exit: 70,
    message: ({ step, problem }) => `step '${step}' failed in a way nobody foresaw: ${problem}`,
    hint: () => 'this is a bug; please report it with the log',
  }),
  MSP_RUN_NOT_FOUND: entry<{ run: string }>({
    exit: 4,
    message: ({ run }) => `there is no run '${run}'`,
    hint: () => 'machinespawn runs ls',
  }),
  MSP_RUN_NOT_RESUMABLE: entry<{ run: string; status: string }>({
    exit: 4,
    message: ({ run, status }) => `run ${run} cannot be resumed: it is ${status}`,
    hint: () => 'machinespawn runs ls',
  }),
  MSP_RUN_NOT_RUNNING: entry<{ run: string; status: string }>({
    exit: 4,
    message: ({ run, status }) =>
      status === 'running'
        ? `the process of run ${run} cannot be told: it is somebody else's, or on another host`
        : `run ${run} is not running: it is ${status}`,
    hint: () => 'machinespawn runs ls',
  }),
  MSP_RUN_BUSY: entry<{ run: string; pid: number | null }>({
    exit: 5,
    message: ({ run, pid }) => `run ${run} is being executed${pid === null ? '' : ` by process ${pid}`}`,
  }),
  MSP_RUN_NO_TREE: entry<{ run: string; step: string | null; nearest: string | null }>({
    exit: 4,
    message: ({ run, step }) =>
      step === null ? `no step of run ${run} has made a tree` : `step '${step}' of run ${run} has made no tree`,
    hint: ({ run, nearest }) => (nearest === null ? `machinespawn runs show ${run}` : `did you mean '${nearest}'?`),
  }),
  MSP_JOURNAL_CORRUPT: entry<{ run: string; line: number; problem: string }>({
    exit: 1,
    message: ({ run, line, problem }) => `the journal of run ${run} is damaged at line ${line}: ${problem}`,
    hint: () => 'the same command with --fresh starts over and leaves the damaged run as it is',
  }),
  MSP_PLAN_CORRUPT: entry<{ run: string; problem: string }>({
    exit: 1,
    message: ({ run, problem }) => `the stored plan of run ${run} is damaged: ${problem}`,
    hint: () => 'the same command with --fresh starts over',
  }),
  MSP_RESULT_CORRUPT: entry<{ key: string; problem: string }>({
    exit: 1,
    message: ({ key, problem }) => `the stored result ${key.slice(0, 12)} is damaged: ${problem}`,
    hint: () => '--fresh or --no-cache builds it anew',
  }),
  MSP_RUN_FROM_FUTURE: entry<{ run: string; format: number; known: number }>({
    exit: 1,
    message: ({ run, format, known }) => `run ${run} was written in format ${format}; this version knows ${known}`,
    hint: () => 'use the newer machinespawn, or --fresh',
  }),
  MSP_PLUGIN_API: entry<{ plugin: string; apiVersion: number; known: number }>({
    exit: 3,
    message: ({ plugin, apiVersion, known }) =>
      `plugin '${plugin}' is written for plugin API ${apiVersion}; this version has ${known}`,
  }),
  MSP_PLUGIN_INVALID: entry<{ plugin: string; problem: string }>({
    exit: 3,
    message: ({ plugin, problem }) => `plugin '${plugin}' is not well formed: ${problem}`,
  }),
  MSP_PLUGIN_NOT_FOUND: entry<{ plugin: string; askedBy: string; problem: string }>({
    exit: 4,
    message: ({ plugin, askedBy, problem }) => `there is no plugin '${plugin}', which ${askedBy} names: ${problem}`,
    hint: () =>
      'a path begins with ./ or /, and is looked for beside the file that names it; anything else is an npm package',
  }),
  MSP_PLUGIN_LOAD_FAILED: entry<{ file: string; askedBy: string; problem: string }>({
    exit: 3,
    message: ({ file, askedBy, problem }) => `the plugin ${file}, which ${askedBy} names, cannot be loaded: ${problem}`,
    hint: ({ file }) => `machinespawn plugins check ${file}`,
  }),
  MSP_PLUGIN_UNTRUSTED: entry<{ file: string; askedBy: string; digest: string; changed: boolean }>({
    exit: 2,
    message: ({ file, askedBy, changed }) =>
      `the plugin ${file}, which ${askedBy} names, ${changed ? 'has changed since it was trusted' : 'is not trusted yet'}: its code would run as root`,
    hint: () => 'read it, then say so with --trust-plugins',
  }),
  MSP_PLUGIN_CHECK_FAILED: entry<{ plugin: string; failed: number }>({
    exit: 1,
    message: ({ plugin, failed }) =>
      `plugin ${plugin} does not keep the contract: ${failed} check${failed === 1 ? '' : 's'} failed`,
    hint: () => 'docs/guides/plugins.md says what a step has to keep',
  }),
  MSP_STEP_TRESPASS: entry<{ step: string; problem: string }>({
    exit: 70,
    message: ({ step, problem }) => `step '${step}' may not ${problem}`,
    hint: () =>
      "a plugin's step writes into the tree of services.trees.change, its scratch directory and its artifacts",
  }),
  MSP_CANCELLED: entry<{ reason: string }>({ exit: 130, message: ({ reason }) => `stopped: ${reason}` }),
  MSP_STEP_TYPE_INVALID: entry<{ step: string; problem: string }>({
    exit: 70,
    message: ({ step, problem }) => `step type '${step}' is not well formed: ${problem}`,
  }),
} as const;
