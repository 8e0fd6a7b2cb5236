/** Commands about pipelines and their runs: what they ask of the application. */
import { mkdtempSync, rmSync, writeFileSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fakeApp, lastRun, succeeded } from './fake-app.ts';
import { runMain } from './run-main.ts';

const place = mkdtempSync(join(tmpdir(), 'machinespawn-cli-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

const asked = (app: ReturnType<typeof fakeApp>, name: string): readonly unknown[] =>
  app.asked.find(([called]) => called === name)?.slice(1) ?? [];

describe('pipeline run', () => {
  it('hands on the part that is meant, and how', async () => {
    const app = fakeApp();
    const line =
      'pipeline run ./ci.yaml -m image=a -m image=b -m arch=x --only build,pack --skip slow --until pack --from build --keep-going -o out';
    expect((await runMain(line.split(' '), { app })).code).toBe(0);
    expect(asked(app, 'run')[0]).toMatchObject({
      pipeline: '/home/alice/ci.yaml',
      cells: { image: ['a', 'b'], arch: ['x'] },
      only: ['build', 'pack'],
      skip: ['slow'],
      until: 'pack',
      from: ['build'],
      keepGoing: true,
      output: '/home/alice/out',
    });
  });

  it('takes inputs from a file, and -i goes first', async () => {
    const app = fakeApp();
    await runMain(['pipeline', 'run', 'ci.yaml', '--inputs-file', 'in.yaml', '-i', 'name=typed'], { app });
    expect(asked(app, 'readInputs')).toEqual(['in.yaml']);
    expect(asked(app, 'run')[0]).toMatchObject({ inputs: { suite: 'trixie', name: 'typed' } });
  });

  it('says where the files are, and gives a row to each cell', async () => {
    const file = { artifact: `artifact:${'a'.repeat(64)}`, name: 'x.tar', sizeBytes: 2048, sha256: 'a'.repeat(64) };
    const outcome = {
      ...succeeded,
      outputs: { plain: 'text', image: { a: file, b: 7 } },
      files: [{ path: '/out/a/x.tar', sizeBytes: 2048, sha256: file.sha256 }],
    };
    const run = () => Promise.resolve({ runId: outcome.runId, done: Promise.resolve(outcome), cancel: () => {} });
    const { stderr } = await runMain(['pipeline', 'run', 'x.yaml'], { app: fakeApp({ run }) });
    expect(stderr).toContain(`  plain    text\n  image a  x.tar (2 KiB, sha256 ${file.sha256})\n  image b  7\n`);
    expect(stderr).toContain('Files:\n  /out/a/x.tar  2 KiB\n');
  });

  it.each([
    ['pipeline run x.yaml --fail-fast --keep-going', 'exclude each other'],
    ['pipeline run x.yaml -m image', "--matrix 'image' is not NAME=VALUE"],
  ])('%s: exit 2', async (line, said) => {
    const seen = await runMain(line.split(' '));
    expect(seen.code).toBe(2);
    expect(seen.stderr).toContain(said);
  });
});

describe('resume', () => {
  it.each(['resume', 'runs resume', 'pipeline resume'])(
    '%s goes on with a run, from a step on request',
    async (name) => {
      const app = fakeApp();
      const { code } = await runMain(
        [...name.split(' '), 'k3f9', '--from', 'first-stage', '-i', 'key=@k', '-o', 'out'],
        { app },
      );
      expect(code).toBe(0);
      expect(asked(app, 'resume')).toEqual([
        'k3f9',
        {
          from: ['first-stage'],
          inputs: { key: '@k' },
          output: '/home/alice/out',
          keepFailed: false,
          debugShell: false,
        },
      ]);
    },
  );
});

it('pipeline init asks on a terminal what to begin from, and nobody else', async () => {
  const templateOf = async (...args: Parameters<typeof runMain>): Promise<unknown> => {
    const app = fakeApp();
    await runMain(args[0], { ...args[1], app });
    return app.asked.find(([name]) => name === 'initPipeline')?.slice(1);
  };
  const asked = fakeApp();
  const seen = await runMain(['pipeline', 'init'], { app: asked, typed: 'bootstrap\n' });
  expect(seen.stderr).toMatch(/^ {2}bootstrap .*\nBegin from which pipeline\? \[hello\]/u);
  expect(asked.asked).toContainEqual(['initPipeline', 'bootstrap', 'bootstrap.yaml']);
  expect(await templateOf(['pipeline', 'init'], { typed: '\n' })).toEqual(['hello', 'hello.yaml']);
  expect(await templateOf(['pipeline', 'init'], { typed: '' })).toEqual(['hello', 'hello.yaml']);
  expect(await templateOf(['pipeline', 'init', '--no-input'], { typed: 'run\n' })).toEqual(['hello', 'hello.yaml']);
});

it('pipeline init says what it wrote, and how to go on', async () => {
  const app = fakeApp();
  const { stdout, stderr } = await runMain(['pipeline', 'init', 'bootstrap', 'box.yaml'], { app });
  expect(asked(app, 'initPipeline')).toEqual(['bootstrap', 'box.yaml']);
  expect(stdout).toBe('/w/live.yaml\n/w/pipeline.schema.json\n');
  expect(stderr).toBe('Run it:  machinespawn pipeline run live.yaml\n');
  await runMain(['pipeline', 'init'], { app });
  expect(app.asked.at(-1)).toEqual(['initPipeline', 'hello', 'hello.yaml']);
});

it('runs shell becomes root and gives on the exit code', async () => {
  const app = fakeApp();
  expect((await runMain(['runs', 'shell', '@last', 'base'], { app })).code).toBe(7);
  expect(app.asked.map(([name]) => name)).toEqual(['elevate', 'isolate', 'shell']);
  expect(asked(app, 'shell')).toEqual(['@last', 'base']);
});

it('pipeline steps shows every field of a step, those inside others too', async () => {
  const types = await fakeApp().stepTypes();
  const input = {
    properties: {
      size: { type: 'integer', minimum: 1, maximum: 9, default: 2, description: 'How large' },
      kind: { enum: ['a', 'b'] },
      parts: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } },
      either: { anyOf: [{ type: 'string' }, { type: 'null' }], description: 'One or none' },
    },
    required: ['size', 'kind', 'parts'],
  };
  const app = fakeApp({
    stepTypes: () =>
      Promise.resolve([
        { ...types[0], id: 'echo', summary: 'S', input, output: {}, needsRoot: true, tools: ['tar'], reuse: 'always' },
      ]),
  });
  expect((await runMain(['pipeline', 'steps', 'echo'], { app })).stdout).toBe(`echo - S
needs root, tar

with:
  size          How large (whole number from 1 to 9, default 2)
  kind          (a|b)
  parts         (list of map)
  parts[].name  (text)
  either        One or none (text or nothing, optional)

outputs:
  (nothing)
`);
});

describe('runs logs -f', () => {
  it('prints what comes until the run has ended, under the names of the attempts', async () => {
    const [one, two] = [join(place, 'one.log'), join(place, 'two.log')];
    writeFileSync(one, 'first\n');
    const detail = (status: 'running' | 'succeeded', ...logs: string[][]) => ({
      ...lastRun,
      status,
      stepDetails: logs.map((files, index) => ({ ...lastRun.stepDetails[0], id: `step-${index}`, logs: files })),
    });
    let looks = 0;
    const showRun = () => {
      looks += 1;
      if (looks === 2) appendFileSync(one, 'sec\u00f6nd\n');
      if (looks === 3) writeFileSync(two, 'other\n');
      return Promise.resolve(detail(looks < 4 ? 'running' : 'succeeded', [one], looks < 3 ? [] : [two]) as never);
    };
    const { stdout } = await runMain(['runs', 'logs', '-f'], { app: fakeApp({ showRun }) });
    expect(stdout).toBe('== step-0, attempt 1 ==\nfirst\nsec\u00f6nd\n== step-1, attempt 1 ==\nother\n');
    expect(looks).toBe(4);
  });
});

it('root is told the file of a pipeline that has its name from the directory of a user', async () => {
  const base = fakeApp();
  const shown = await base.showPipeline('hello');
  const file = '/home/alice/.config/machinespawn/pipelines/mine.yaml';
  const app = fakeApp({
    showPipeline: async () => ({ ...shown, summary: { ...shown.summary, origin: 'user', file, needsRoot: true } }),
  });
  await runMain(['pipeline', 'run', 'mine', '-i', 'a=b'], { app });
  expect(app.asked.find(([name]) => name === 'elevate')?.[1]).toEqual(['pipeline', 'run', file, '-i', 'a=b']);
});
