import type { DoctorCheck } from '../../app-types.ts';
import { fail } from '../../errors/machinespawn-error.ts';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { installMissingTools } from '../install-tools.ts';
import { harmless, type Paint } from '../terminal.ts';

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'Check this host and say how to fix it',
  group: 'Helpers',
  needsRoot: 'never',
  positionals: [],
  options: {
    for: { type: 'string', valueName: 'IMAGE[/ARCH]', summary: 'Check what this image needs' },
    fix: { type: 'boolean', summary: 'Install what is missing, after asking' },
    json: { type: 'boolean', summary: 'Print the checks as JSON' },
  },
  examples: [
    ['machinespawn doctor', 'this host in general'],
    ['machinespawn doctor --for debian-12/arm64', 'what a build needs'],
    ['machinespawn doctor --fix', 'install what is missing'],
  ],

  async run(invocation) {
    const { options, app, terminal, globals, argv } = invocation;
    const target = options.for ?? null;
    const spec = target === null ? null : (await import('../../model/image-spec.ts')).parseImageSpec(target);
    if (options.fix && !globals.dryRun) {
      await app.elevate(argv);
      const inputs = { image: spec?.image, name: 'machine', ...(spec?.arch ? { arch: spec.arch } : {}) };
      await installMissingTools(
        invocation,
        await app.missingTools(spec === null ? null : { pipeline: 'bootstrap', inputs }),
      );
    }
    const checks = await app.doctor(target);
    if (checks.length === 0) throw fail('MSP_USAGE', { problem: 'there is nothing to check' });
    const failed = checks.filter(({ status }) => status === 'fail').length;
    if (options.json) terminal.out(JSON.stringify({ ok: failed === 0, checks }, null, 2));
    else for (const line of doctorLines(checks, terminal.paintOut)) terminal.out(line);
    return failed === 0 ? 0 : exitCodes.hostLacks;
  },
});

const marks = { ok: ['green', '✔'], warn: ['yellow', '!'], fail: ['red', '✖'], skip: ['dim', '-'] } as const;

/** One line for each check, then the sum. */
export function doctorLines(checks: readonly DoctorCheck[], paint: Paint): readonly string[] {
  const width = Math.max(15, ...checks.map(({ title }) => title.length));
  const lines = checks.flatMap(({ status, title, detail, fix }) => {
    const [style, mark] = marks[status];
    const line = `${paint(style, mark)} ${title.padEnd(width)} ${harmless(detail)}`.trimEnd();
    return status === 'ok' || fix === null ? [line] : [line, `${' '.repeat(width + 3)}fix: ${fix.command}`];
  });
  const problems = checks.filter(({ status }) => status === 'fail');
  const warnings = checks.filter(({ status }) => status === 'warn').length;
  const count = (amount: number, word: string): string => `${amount} ${word}${amount === 1 ? '' : 's'}`;
  const sum =
    problems.length + warnings === 0
      ? 'No problems.'
      : `${count(problems.length, 'problem')}, ${count(warnings, 'warning')}.`;
  const fix = problems.some((problem) => problem.fix !== null) ? '  Fix all: sudo machinespawn doctor --fix' : '';
  return [...lines, `${sum}${fix}`];
}
