import { text as readAll } from 'node:stream/consumers';
import type { ValidationFault } from '../../app-types.ts';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';

export const pipelineValidate = defineCommand({
  name: 'pipeline validate',
  summary: 'Check pipeline files: all faults at once, with line and column',
  group: 'Pipelines',
  needsRoot: 'never',
  positionals: [{ name: 'file', summary: 'Files, or - for standard input', variadic: true }],
  options: {
    format: { type: 'string', valueName: 'FORM', choices: ['text', 'json', 'github'], summary: 'Form of the faults' },
    json: { type: 'boolean', summary: 'Same as --format json' },
    strict: { type: 'boolean', summary: 'Warnings count as errors' },
  },
  examples: [
    ['machinespawn pipeline validate live.yaml', 'for a person'],
    ['machinespawn pipeline validate live.yaml --format github', 'as annotations'],
  ],

  async run({ positionals, options, app, terminal }) {
    const faults: ValidationFault[] = [];
    for (const file of positionals.file) {
      const isStdin = file === '-';
      faults.push(
        ...(await app.validatePipeline(isStdin ? '<stdin>' : file, isStdin ? await readAll(terminal.stdin) : null)),
      );
    }
    const format = options.json ? 'json' : (options.format ?? 'text');
    if (format === 'json') terminal.out(JSON.stringify(faults.map(withoutText), null, 2));
    else if (format === 'github') for (const fault of faults) terminal.out(annotation(fault));
    else for (const line of textLines(faults, positionals.file.length)) terminal.out(line);
    const bad = faults.some(({ severity }) => severity === 'error' || options.strict);
    return bad ? exitCodes.invalid : exitCodes.ok;
  },
});

function withoutText({ text: _shown, ...fault }: ValidationFault): Omit<ValidationFault, 'text'> {
  return fault;
}

function textLines(faults: readonly ValidationFault[], files: number): readonly string[] {
  const errors = faults.filter(({ severity }) => severity === 'error').length;
  const warnings = faults.length - errors;
  const count = (amount: number, word: string): string => `${amount} ${word}${amount === 1 ? '' : 's'}`;
  const sum = [count(errors, 'error'), ...(warnings === 0 ? [] : [count(warnings, 'warning')])].join(', ');
  return [...faults.map(({ text }) => text), `${sum} in ${count(files, 'file')}`];
}

function annotation({ file, line, column, endColumn, severity, message, hint }: ValidationFault): string {
  const escape = (value: string): string =>
    value.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const place = `file=${escape(file).replaceAll(',', '%2C').replaceAll(':', '%3A')},line=${line},col=${column},endColumn=${endColumn}`;
  return `::${severity} ${place}::${escape(hint === null ? message : `${message} (${hint})`)}`;
}
