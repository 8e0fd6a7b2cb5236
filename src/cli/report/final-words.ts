/** What is said last: what there is now, and one command to go on with. */
import type { RunOutcome } from '../../app-types.ts';
import type { Json } from '../../engine/step.ts';
import { isArtifact } from '../../model/artifact.ts';
import { formatByteSize } from '../../model/byte-size.ts';
import { harmless } from '../terminal.ts';
import { elapsed } from './amounts.ts';

/** "Machine bread is ready (debian-12, amd64, 289 MiB) in 41s." and how to get in. */
export function readyLines(
  outcome: Pick<RunOutcome, 'outputs'>,
  durationMs: number,
  title: (image: string) => string,
): readonly string[] {
  const text = (name: string): string | null =>
    typeof outcome.outputs[name] === 'string' ? outcome.outputs[name] : null;
  const name = text('name') ?? '';
  const image = text('image');
  const size = outcome.outputs['sizeBytes'];
  const what = [
    image === null ? null : title(image),
    text('arch'),
    typeof size === 'number' ? formatByteSize(size) : null,
  ];
  const known = what.filter((part) => part !== null);
  return [
    '',
    `Machine ${name} is ready${known.length === 0 ? '' : ` (${known.join(', ')})`} in ${elapsed(durationMs)}.`,
    `  Shell:  sudo machinespawn run ${name}`,
  ];
}

/** What a pipeline gave, and where its files are. */
export function outputLines(outcome: Pick<RunOutcome, 'outputs' | 'files'>, durationMs: number): readonly string[] {
  const entries = Object.entries(outcome.outputs).flatMap(([name, value]) => rowsOf(name, value));
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  const lines = entries.map(([name, value]) => `  ${name.padEnd(width)}  ${harmless(shown(value))}`);
  const files = outcome.files.map(({ path, sizeBytes }) => `  ${harmless(path)}  ${formatByteSize(sizeBytes)}`);
  return ['', `Done in ${elapsed(durationMs)}.`, ...lines, ...(files.length === 0 ? [] : ['', 'Files:', ...files])];
}

/** What a matrix gives is one row for each cell. */
function rowsOf(name: string, value: Json): readonly (readonly [string, Json])[] {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value) && !isArtifact(value);
  if (!isMap) return [[name, value]];
  return Object.entries(value).map(([cell, inner]: [string, Json]) => [`${name} ${cell}`, inner]);
}

function shown(value: Json): string {
  if (isArtifact(value)) return `${value.name} (${formatByteSize(value.sizeBytes)}, sha256 ${value.sha256})`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** For a run that ended before its end and can go on. `sudo`: does it need root? */
export function savedLines(outcome: Pick<RunOutcome, 'runId' | 'status' | 'steps'>, sudo: boolean): readonly string[] {
  const word = outcome.status === 'paused' ? 'Paused' : 'Interrupted';
  const { done, total } = outcome.steps;
  const prefix = sudo ? 'sudo ' : '';
  const id = shortId(outcome.runId);
  const resume = `${prefix}machinespawn resume ${id}`;
  return [
    '',
    `${word}. ${done} of ${total} step${total === 1 ? '' : 's'} ${done === 1 ? 'is' : 'are'} saved.`,
    `  Resume:  ${resume}        (or the same command again)`,
    `  Discard: ${prefix}machinespawn runs rm ${id}`,
  ];
}

/** For a run that failed after something was done. `sudo`: does it need root? */
export function goOnLine({ runId }: Pick<RunOutcome, 'runId'>, sudo: boolean): string {
  return `next: ${sudo ? 'sudo ' : ''}machinespawn resume ${shortId(runId)}   (what is done is kept)`;
}

/** 20261122-184902-k3f9 -> k3f9, which is enough to name the run. */
function shortId(runId: string): string {
  return runId.split('-').at(-1) ?? runId;
}
