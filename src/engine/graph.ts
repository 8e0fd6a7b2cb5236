/** A plan as a picture: for Markdown (mermaid), Graphviz (dot), a terminal (text) or a program (json). */
import { formatDuration } from '../model/duration.ts';
import type { Plan, PlannedStep } from './plan.ts';

export type GraphFormat = 'mermaid' | 'dot' | 'text' | 'json';

/** How a step stands in a run. */
interface GraphState {
  /** Such as "succeeded", "cached", "failed", "running", "skipped". */
  readonly status: string;
  readonly durationMs: number | null;
}

export type GraphStates = Readonly<Record<string, GraphState>>;

/** Ends with a line break. */
export function drawGraph(plan: Plan, format: GraphFormat, states: GraphStates = {}): string {
  const stateOf = (step: PlannedStep): GraphState | null =>
    Object.hasOwn(states, step.id) ? (states[step.id] ?? null) : null;
  const drawers: Readonly<Record<GraphFormat, () => string>> = {
    mermaid: () => drawMermaid(plan, stateOf),
    dot: () => drawDot(plan, stateOf),
    text: () => drawText(plan, stateOf),
    json: () => `${JSON.stringify(toJson(plan, stateOf), null, 2)}\n`,
  };
  return drawers[format]();
}

type StateOf = (step: PlannedStep) => GraphState | null;

const colours: Readonly<Record<string, string>> = {
  succeeded: '#c8e6c9',
  cached: '#dcedc8',
  failed: '#ffcdd2',
  running: '#bbdefb',
  interrupted: '#ffe0b2',
  skipped: '#eeeeee',
};

function labelLines(step: PlannedStep, state: GraphState | null): readonly string[] {
  const lines = [step.id, ...(step.uses === step.id ? [] : [step.uses])];
  return state === null ? lines : [...lines, stateText(state)];
}

function stateText({ status, durationMs }: GraphState): string {
  return durationMs === null ? status : `${status} ${formatDuration(durationMs)}`;
}

function drawMermaid(plan: Plan, stateOf: StateOf): string {
  // Numbers as node names: an id may be a word of the language, such as "end".
  const names = new Map(plan.steps.map((step, index) => [step.id, `s${index}`]));
  const escape = (text: string): string =>
    text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const lines = ['flowchart TD'];
  const node = (step: PlannedStep): string =>
    `  ${names.get(step.id) ?? ''}["${labelLines(step, stateOf(step)).map(escape).join('<br/>')}"]`;
  for (const step of plan.steps) if (step.cell === null) lines.push(node(step));
  for (const [index, cell] of (plan.matrix?.cells ?? []).entries()) {
    const own = plan.steps.filter((step) => step.cell === cell.id);
    lines.push(`  subgraph c${index}["${escape(cell.id)}"]`, ...own.map((step) => `  ${node(step)}`), '  end');
  }
  for (const [from, to, isConditional] of edges(plan)) {
    lines.push(`  ${names.get(from) ?? ''} ${isConditional ? '-.->' : '-->'} ${names.get(to) ?? ''}`);
  }
  for (const step of plan.steps) {
    const colour = colours[stateOf(step)?.status ?? ''];
    if (colour !== undefined) lines.push(`  style ${names.get(step.id) ?? ''} fill:${colour}`);
  }
  return `${lines.join('\n')}\n`;
}

function drawDot(plan: Plan, stateOf: StateOf): string {
  const quote = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const lines = [`digraph ${quote(plan.pipeline.id)} {`, '  node [shape=box];'];
  for (const step of plan.steps) {
    const state = stateOf(step);
    const colour = colours[state?.status ?? ''];
    const label = labelLines(step, state)
      .map((line) => quote(line).slice(1, -1))
      .join('\\n');
    const fill = colour === undefined ? '' : `, style=filled, fillcolor="${colour}"`;
    lines.push(`  ${quote(step.id)} [label="${label}"${fill}];`);
  }
  for (const [from, to, isConditional] of edges(plan)) {
    lines.push(`  ${quote(from)} -> ${quote(to)}${isConditional ? ' [style=dashed]' : ''};`);
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

function drawText(plan: Plan, stateOf: StateOf): string {
  const width = Math.max(0, ...plan.steps.map((step) => step.id.length));
  const lines = plan.steps.map((step) => {
    const state = stateOf(step);
    const parts = [
      step.id.padEnd(width),
      ...(state === null ? [] : [stateText(state)]),
      ...(step.needs.length === 0 ? [] : [`<- ${step.needs.join(', ')}`]),
    ];
    const notes = [...(step.if === null ? [] : [`if ${step.if}`]), ...(step.always ? ['always'] : [])];
    return [...parts, ...(notes.length === 0 ? [] : [`[${notes.join('; ')}]`])].join('  ').trimEnd();
  });
  return `${lines.join('\n')}\n`;
}

function toJson(plan: Plan, stateOf: StateOf): unknown {
  const nodes = plan.steps.map((step) => {
    const state = stateOf(step);
    const { id, uses, summary, needs, always, cell } = step;
    return {
      id,
      uses,
      summary,
      needs,
      if: step.if,
      always,
      cell,
      status: state?.status ?? null,
      durationMs: state?.durationMs ?? null,
    };
  });
  return { pipeline: plan.pipeline.id, steps: nodes };
}

/** From, to, and whether the second may be left out. */
function edges(plan: Plan): readonly (readonly [string, string, boolean])[] {
  return plan.steps.flatMap((step) => step.needs.map((need) => [need, step.id, step.if !== null] as const));
}
