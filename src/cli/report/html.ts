/** A run as one HTML page that needs nothing else: no script, no font, no address. */
import type { RunDetail, RunStepDetail } from '../../app-types.ts';
import type { Json } from '../../engine/step.ts';
import { isArtifact } from '../../model/artifact.ts';
import { formatByteSize } from '../../model/byte-size.ts';
import { elapsed } from './amounts.ts';

/** `tails`: the last lines of the logs of steps that failed, by the step. */
export function htmlReport(detail: RunDetail, tails: ReadonlyMap<string, string>): string {
  const { id, pipeline, status, machine } = detail;
  const title = `${pipeline}${machine === null ? '' : ` → ${machine}`}: ${status}`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${text(`${title} (${id})`)}</title>`,
    `<style>${style}</style>`,
    `<h1>${text(title)}</h1>`,
    ...facts(detail),
    ...failure(detail),
    ...steps(detail),
    ...logs(detail, tails),
    '</html>',
    '',
  ].join('\n');
}

const style = `
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; }
td.number { text-align: right; white-space: nowrap; }
td.bar { width: 25%; } td.bar div { background: #4a90d9; height: .8rem; min-width: 2px; border-radius: 2px; }
tr.failed td.bar div { background: #d9534a; } tr.cached td.bar div { background: #7fb98f; }
.failed .status { color: #c0392b; font-weight: bold; } .succeeded .status, .cached .status { color: #2e8b57; }
.skipped, .blocked, .pending { opacity: .6; }
pre { overflow: auto; padding: .75rem; background: #8882; border-radius: 4px; }
code, pre { font-family: ui-monospace, monospace; font-size: 13px; }
`;

function facts(detail: RunDetail): readonly string[] {
  const { id, source, startedAt, endedAt, durationMs, steps: counts, user, version, exitCode } = detail;
  const rows: readonly (readonly [string, string | null])[] = [
    ['Run', id],
    ['Pipeline', source],
    ['Started', startedAt],
    ['Ended', endedAt],
    ['Took', durationMs === null ? null : elapsed(durationMs)],
    ['Steps', `${counts.done} of ${counts.total} done, ${counts.cached} from cache, ${counts.failed} failed`],
    ['Exit code', exitCode === null ? null : String(exitCode)],
    ['By', `${user}, machinespawn ${version}`],
    ...Object.entries(detail.inputs).map(([name, value]) => [`Input ${name}`, valueText(value)] as const),
  ];
  const shown = rows.filter(([, value]) => value !== null && value !== '');
  return ['<table>', ...shown.map(([name, value]) => `<tr><th>${text(name)}<td>${text(value ?? '')}`), '</table>'];
}

function failure({ error }: RunDetail): readonly string[] {
  if (error === null) return [];
  const hint = error.hint === null ? [] : [`<p>Hint: <code>${text(error.hint)}</code>`];
  return [
    '<h2>Error</h2>',
    `<p class="failed"><span class="status">${text(error.code)}</span>`,
    `<pre>${text(error.message)}</pre>`,
    ...hint,
  ];
}

function steps(detail: RunDetail): readonly string[] {
  const start = Date.parse(detail.startedAt);
  const end = Math.max(
    start + 1,
    ...detail.stepDetails.map((step) => Date.parse(step.startedAt ?? detail.startedAt) + (step.durationMs ?? 0)),
  );
  const head = ['Step', 'Type', 'Status', 'Time', 'When', 'Result'].map((word) => `<th>${word}`).join('');
  return [
    '<h2>Steps</h2>',
    `<table><tr>${head}`,
    ...detail.stepDetails.map((step) => row(step, (moment) => (100 * (moment - start)) / (end - start))),
    '</table>',
  ];
}

/** `percent`: where a moment stands in the time of the run. */
function row(step: RunStepDetail, percent: (moment: number) => number): string {
  const { id, uses, status, attempts, startedAt, durationMs, outputs } = step;
  const from = startedAt === null ? null : Date.parse(startedAt);
  const left = from === null ? 0 : Math.max(0, percent(from));
  const width = from === null ? 0 : Math.max(0, percent(from + (durationMs ?? 0)) - left);
  const bar = from === null ? '' : `<div style="margin-left:${left.toFixed(2)}%;width:${width.toFixed(2)}%"></div>`;
  return [
    `<tr class="${text(status)}"><td>${text(id)}<td>${text(uses)}`,
    `<td class="status">${text(status)}${attempts > 1 ? ` (attempt ${attempts})` : ''}`,
    `<td class="number">${durationMs === null ? '' : elapsed(durationMs)}<td class="bar">${bar}<td>${results(outputs)}`,
  ].join('');
}

function results(outputs: Json): string {
  if (typeof outputs !== 'object' || outputs === null || Array.isArray(outputs)) return '';
  const lines = Object.entries(outputs).map(([name, value]: [string, Json]) => `${name}: ${valueText(value)}`);
  return lines.length === 0 ? '' : `<details><summary>outputs</summary><pre>${text(lines.join('\n'))}</pre></details>`;
}

function logs({ stepDetails }: RunDetail, tails: ReadonlyMap<string, string>): readonly string[] {
  const shown = stepDetails.flatMap(({ id }) => {
    const tail = tails.get(id);
    return tail === undefined ? [] : [`<h3>${text(id)}</h3>`, `<pre>${text(tail)}</pre>`];
  });
  return shown.length === 0 ? [] : ['<h2>Logs of what failed</h2>', ...shown];
}

function valueText(value: Json): string {
  if (isArtifact(value)) return `${value.name}, ${formatByteSize(value.sizeBytes)}, sha256 ${value.sha256}`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Safe in text and in attributes; what a terminal would obey is left out. */
function text(value: string): string {
  return value
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
