/** `--dry-run` for a person. */
import type { PlannedStepReport, PlanReport } from '../app-types.ts';
import { tableLines } from './table.ts';

export function planLines(plan: PlanReport): readonly string[] {
  const lines = ['plan (nothing will be changed):'];
  if (plan.resumes !== null) lines.push(`  goes on with run ${plan.resumes}`);
  const rows = plan.steps.map((step, index) => ({ step, number: index + 1 }));
  const columns = [
    { title: '', right: true as const, cell: ({ number }: (typeof rows)[number]) => String(number) },
    { title: '', cell: ({ step }: (typeof rows)[number]) => step.id },
    { title: '', cell: ({ step }: (typeof rows)[number]) => step.summary },
    { title: '', cell: ({ step }: (typeof rows)[number]) => stateOf(step) },
  ];
  return [...lines, ...tableLines(columns, rows, false).map((line) => `  ${line}`)];
}

function stateOf({ cache, why, outcome }: PlannedStepReport): string {
  if (outcome !== null) return `${outcome}: ${why}`;
  if (cache === 'off') return 'runs';
  if (cache === 'unknown') return why === '' ? 'known later' : why;
  return why === '' ? cache : `${cache}: ${why}`;
}
