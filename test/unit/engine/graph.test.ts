import { expect, it } from 'vitest';
import { drawGraph } from '../../../src/engine/graph.ts';
import { plan, withSteps } from './support/front.ts';

const made = plan(
  withSteps(
    '  - { id: end, uses: echo, with: { text: x } }\n' +
      '  - { id: wall, uses: paint, with: { thing: "${{ steps.end.outputs.text }}" } }\n' +
      '  - { id: echo, uses: echo, needs: [end], if: "steps.wall.outputs.coats > 1", always: true, with: { text: y } }\n',
  ),
);
const states = { end: { status: 'succeeded', durationMs: 400 }, wall: { status: 'failed', durationMs: null } };

it('draws for Markdown', async () => {
  expect(drawGraph(await made, 'mermaid', states)).toMatchInlineSnapshot(`
    "flowchart TD
      s0["end<br/>echo<br/>succeeded 0.4s"]
      s1["wall<br/>paint<br/>failed"]
      s2["echo"]
      s0 --> s1
      s0 -.-> s2
      s1 -.-> s2
      style s0 fill:#c8e6c9
      style s1 fill:#ffcdd2
    "
  `);
});

it('draws for Graphviz', async () => {
  expect(drawGraph(await made, 'dot', states)).toMatchInlineSnapshot(`
    "digraph "demo" {
      node [shape=box];
      "end" [label="end\\necho\\nsucceeded 0.4s", style=filled, fillcolor="#c8e6c9"];
      "wall" [label="wall\\npaint\\nfailed", style=filled, fillcolor="#ffcdd2"];
      "echo" [label="echo"];
      "end" -> "wall";
      "end" -> "echo" [style=dashed];
      "wall" -> "echo" [style=dashed];
    }
    "
  `);
});

it('draws for a terminal', async () => {
  expect(drawGraph(await made, 'text')).toMatchInlineSnapshot(`
    "end
    wall  <- end
    echo  <- end, wall  [if \${{ steps.wall.outputs.coats > 1 }}; always]
    "
  `);
  expect(drawGraph(await made, 'text', states)).toMatchInlineSnapshot(`
    "end   succeeded 0.4s
    wall  failed  <- end
    echo  <- end, wall  [if \${{ steps.wall.outputs.coats > 1 }}; always]
    "
  `);
});

it('draws for a program', async () => {
  expect(JSON.parse(drawGraph(await made, 'json', states))).toEqual({
    pipeline: 'demo',
    steps: [
      {
        id: 'end',
        uses: 'echo',
        summary: 'Give a text back',
        needs: [],
        if: null,
        always: false,
        cell: null,
        status: 'succeeded',
        durationMs: 400,
      },
      {
        id: 'wall',
        uses: 'paint',
        summary: 'Paint a thing',
        needs: ['end'],
        if: null,
        always: false,
        cell: null,
        status: 'failed',
        durationMs: null,
      },
      {
        id: 'echo',
        uses: 'echo',
        summary: 'Give a text back',
        needs: ['end', 'wall'],
        if: '${{ steps.wall.outputs.coats > 1 }}',
        always: true,
        cell: null,
        status: null,
        durationMs: null,
      },
    ],
  });
});

it('draws the cells of a matrix as groups', async () => {
  const text = withSteps(
    '  - { id: a, uses: echo, matrix: false, with: { text: x } }\n' +
      '  - { id: b, uses: echo, with: { text: "${{ matrix.n }} ${{ steps.a.outputs.text }}" } }\n',
    'matrix: { n: [p, q] }\n',
  );
  expect(drawGraph(await plan(text), 'mermaid')).toMatchInlineSnapshot(`
    "flowchart TD
      s0["a<br/>echo"]
      subgraph c0["p"]
        s1["b@p<br/>echo"]
      end
      subgraph c1["q"]
        s2["b@q<br/>echo"]
      end
      s0 --> s1
      s0 --> s2
    "
  `);
});
