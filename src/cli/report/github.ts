/** The run for GitHub Actions: the plain lines, one group for each step, failures as annotations. */
import { elapsed } from './amounts.ts';
import { plainLines, type PlainForm } from './plain.ts';
import type { Note } from './note.ts';
import type { RunView } from './run-view.ts';

const ends: ReadonlySet<Note['kind']> = new Set(['succeeded', 'cached', 'failed', 'interrupted', 'skipped']);

/**
 * Lines for the notes from `from` on. A group is written when its step has ended, since groups cannot be woven into each other.
 */
export function githubLines(view: RunView, from: number, form: PlainForm): string[] {
  return view.notes.slice(from).flatMap((note, offset) => {
    const at = from + offset;
    if (note.step === null) return plainLine(view, at, form);
    if (!ends.has(note.kind)) return [];
    if (note.kind === 'skipped' && view.isBuiltIn && form.verbose < 1) return [];
    return [
      `::group::${escapeData(note.step)}`,
      ...groupOf(view, at, note.step, form),
      '::endgroup::',
      ...annotation(note),
    ];
  });
}

/** Markdown for $GITHUB_STEP_SUMMARY. */
export function githubSummary(view: RunView): string[] {
  const rows = view.notes.flatMap((note) => {
    if (note.step === null || !ends.has(note.kind) || (note.kind === 'skipped' && view.isBuiltIn)) return [];
    const time = 'durationMs' in note ? elapsed(note.durationMs) : '';
    const text = 'text' in note ? (note.text ?? '') : '';
    return [`| ${cell(note.step)} | ${note.kind} | ${cell(text)} | ${time} |`];
  });
  return [
    `### machinespawn ${cell(view.pipeline)}: ${cell(view.target)}`,
    '',
    '| step | result | | time |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ];
}

function groupOf(view: RunView, end: number, step: string, form: PlainForm): string[] {
  const lines: string[] = [];
  const before = view.notes.slice(0, end).findLastIndex((note) => note.step === step && ends.has(note.kind));
  for (let at = before + 1; at <= end; at += 1) {
    if (view.notes[at]?.step === step) lines.push(...plainLine(view, at, form).map(noCommand));
  }
  return lines;
}

function plainLine(view: RunView, at: number, form: PlainForm): string[] {
  return plainLines({ ...view, notes: view.notes.slice(at, at + 1) }, 0, form);
}

/** A program's output must not be taken for a command of the workflow, which may be indented. */
function noCommand(line: string): string {
  return line.replace(/^(\s*)::/u, '$1: :');
}

function annotation(note: Note): string[] {
  if (note.kind !== 'failed') return [];
  return [
    `::error title=${escapeProperty(note.step ?? '')}::${escapeData(`${note.error.message} (${note.error.code})`)}`,
  ];
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
