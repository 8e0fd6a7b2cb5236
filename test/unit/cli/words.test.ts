import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { confirm } from '../../../src/cli/confirm.ts';
import { catalog } from '../../../src/errors/catalog.ts';
import { fail } from '../../../src/errors/machinespawn-error.ts';
import { exitCodeTexts } from '../../../src/cli/exit-codes.ts';
import { openLogFile } from '../../../src/cli/log-file.ts';
import { errorAsJson, errorLines, exitCodeOf } from '../../../src/cli/print-error.ts';
import { chooseMode } from '../../../src/cli/report/reporter.ts';
import { isNspawnOption } from '../../../src/cli/nspawn-options.ts';
import { matchesAny } from '../../../src/cli/name-pattern.ts';
import { shellWords } from '../../../src/model/shell-words.ts';
import { tableLines } from '../../../src/cli/table.ts';
import { harmless, makePaint, type Terminal } from '../../../src/cli/terminal.ts';
import { clip, widthOf } from '../../../src/cli/report/line-width.ts';
import { fakeApp } from './fake-app.ts';
import { build, end } from './run-events.ts';
import { runMain } from './run-main.ts';

const plain = makePaint('never', { write: () => true }, {});
const scratch = mkdtempSync(join(tmpdir(), 'machinespawn-cli-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe('an error', () => {
  it('has its code, a hint and a log', () => {
    const error = fail('MSP_TOOL_FAILED', { tool: 'tar', exitCode: 2, tail: 'tar: no space', command: 'tar x' });
    expect(errorLines(error, plain, { run: 'x', log: '/runs/x/a.log' })).toEqual([
      'error: tar exited with code 2 (MSP_TOOL_FAILED)',
      '  tar: no space',
      'log:  /runs/x/a.log',
    ]);
    expect(exitCodeOf(error)).toBe(1);
  });

  it('of a pipeline shows the faults first', () => {
    const error = fail('MSP_PIPELINE_INVALID', {
      faults: [{ text: 'a.yaml:1:1  error  bad' }, { text: 'a.yaml:2:1  error  worse' }],
    });
    expect(errorLines(error, plain)).toEqual([
      'a.yaml:1:1  error  bad',
      'a.yaml:2:1  error  worse',
      'error: the pipeline has 2 faults (MSP_PIPELINE_INVALID)',
    ]);
  });

  it('that nobody foresaw is one object, too', () => {
    const { error } = JSON.parse(errorAsJson('odd')) as { error: object };
    expect(error).toMatchObject({ code: 'MSP_INTERNAL', message: 'odd', exitCode: 70, run: null });
    expect(exitCodeOf('odd')).toBe(70);
  });

  it('has an exit code that the help explains', () => {
    const known = new Set(exitCodeTexts.map(([code]) => code));
    for (const [code, { exit }] of Object.entries(catalog)) {
      expect(known.has(String(exit)) || exit === 130, code).toBe(true);
    }
  });
});

describe('a question', () => {
  function terminal(isTTY: boolean): {
    readonly terminal: Terminal;
    readonly stdin: PassThrough;
    readonly shown: () => string;
  } {
    const stdin = Object.assign(new PassThrough(), { isTTY });
    const stderr = new PassThrough();
    return { terminal: { stdin, stderr } as unknown as Terminal, stdin, shown: () => String(stderr.read() ?? '') };
  }
  const question = { text: 'Remove bread?', action: 'removing', unattended: 'demand' } as const;

  it.each([
    ['y\n', true],
    ['YES\n', true],
    ['n\n', false],
    ['\n', false],
    ['yessir\n', false],
  ])('answered with %j is %s', async (answer, expected) => {
    const { terminal: outside, stdin, shown } = terminal(true);
    stdin.write(answer);
    expect(await confirm(question, { yes: false, noInput: false }, outside)).toBe(expected);
    expect(shown()).toBe('Remove bread? [y/N] ');
  });

  it('that nobody answers is a no', async () => {
    const { terminal: outside, stdin } = terminal(true);
    stdin.end();
    expect(await confirm(question, { yes: false, noInput: false }, outside)).toBe(false);
  });

  it('is not asked with --yes, and not without a terminal', async () => {
    const { terminal: tty, shown } = terminal(true);
    expect(await confirm(question, { yes: true, noInput: false }, tty)).toBe(true);
    await expect(confirm(question, { yes: false, noInput: true }, tty)).rejects.toMatchObject({
      code: 'MSP_CONFIRMATION_MISSING',
    });
    await expect(confirm(question, { yes: false, noInput: false }, terminal(false).terminal)).rejects.toMatchObject({
      code: 'MSP_CONFIRMATION_MISSING',
    });
    expect(
      await confirm({ ...question, unattended: 'do' }, { yes: false, noInput: false }, terminal(false).terminal),
    ).toBe(true);
    expect(shown()).toBe('');
  });
});

describe('a table', () => {
  const columns = [
    { title: 'NAME', cell: (row: readonly string[]) => row[0] ?? '' },
    { title: 'SIZE', right: true as const, cell: (row: readonly string[]) => row[1] ?? '' },
    { title: 'TEXT', cell: (row: readonly string[]) => row[2] ?? '' },
  ];
  it('is aligned, without space at the end', () => {
    expect(
      tableLines(
        columns,
        [
          ['bread', '9 B', ''],
          ['a', '100 MiB', 'x'],
        ],
        true,
      ),
    ).toEqual(['NAME      SIZE  TEXT', 'bread      9 B', 'a      100 MiB  x']);
  });
  it('of nothing is nothing', () => expect(tableLines(columns, [], true)).toEqual([]));
});

describe('how progress is shown', () => {
  const mode = (isTTY: boolean, env: Record<string, string>, progress = 'auto', quiet = false): string =>
    chooseMode({ progress: progress as 'auto', quiet }, {
      stderr: { isTTY, write: () => true },
      env,
    } as unknown as Terminal);
  it.each([
    [true, { TERM: 'xterm' }, 'auto', 'tty'],
    [true, { TERM: 'dumb' }, 'auto', 'plain'],
    [true, { CI: 'true' }, 'auto', 'plain'],
    [false, {}, 'auto', 'plain'],
    [false, {}, 'tty', 'tty'],
    [false, { GITHUB_ACTIONS: 'true' }, 'auto', 'github'],
    [true, {}, 'json', 'json'],
  ])('terminal: %s, %j, --progress %s: %s', (isTTY, env, progress, shown) =>
    expect(mode(isTTY, env as Record<string, string>, progress)).toBe(shown),
  );
  it('is nothing with --quiet', () => expect(mode(true, {}, 'auto', true)).toBe('none'));
});

describe('drawn on a terminal', () => {
  it('leaves the finished lines, hides no cursor and leaves no live line', async () => {
    const { stderr } = await runMain(['debian-12', 'bread'], {
      app: fakeApp({}, [...build, ...end]),
      isTty: true,
      env: { TERM: 'xterm' },
    });
    expect(stderr).not.toContain('\u001b[?25l');
    expect(stderr).toContain('\u001b[32m✔\u001b[39m first-stage');
    expect(harmless(stderr)).not.toContain('━');
    expect(stderr).toContain('Machine bread is ready');
  });
  it('has no color with --color never, nor with NO_COLOR', async () => {
    for (const [argv, env] of [
      [['--color', 'never'], {}],
      [[], { NO_COLOR: '1' }],
    ] as const) {
      const { stderr } = await runMain([...argv, 'debian-12', 'bread'], {
        app: fakeApp({}, [...build, ...end]),
        isTty: true,
        env,
      });
      // oxlint-disable-next-line no-control-regex -- colors are what is looked for
      expect(stderr).not.toMatch(/\u001b\[\d+m/u);
    }
  });
  it('is JSON lines with --progress json', async () => {
    const { stderr } = await runMain(['debian-12', 'bread', '--progress=json', '-q'], { app: fakeApp({}, build) });
    expect(
      stderr
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(build);
  });
});

describe('small things', () => {
  it.each([
    ['--bind=/x', true],
    ['--boot', true],
    ['-b', true],
    ['--bind', false],
    ['--machine=x', false],
    ['--directory=/', false],
    ['--bot', false],
  ])('%s is for systemd-nspawn: %s', (text, expected) => expect(isNspawnOption(text)).toBe(expected));

  it('patterns are those of a shell', () => {
    expect(matchesAny('web-1', ['web-?'])).toBe(true);
    expect(matchesAny('web.1', ['web-?', 'w*1'])).toBe(true);
    expect(matchesAny('webs', ['w.bs', 'web'])).toBe(false);
    expect(matchesAny('any', [])).toBe(true);
  });

  it('a command can be pasted', () => expect(shellWords(['a', 'b c', "it's", ''])).toBe("a 'b c' 'it'\\''s' ''"));

  it('texts are cut to columns', () => {
    expect(clip('abcdef', 6)).toBe('abcdef');
    expect(clip('abcdefg', 6)).toBe('abcde…');
    expect(clip('日本語', 5)).toBe('日本…');
    expect(widthOf('✔ é 日')).toBe(6);
    expect(clip('abc', 0)).toBe('');
  });

  it('texts of programs are harmless', () => expect(harmless('a\u001b[2Jb\r\nc\u0007')).toBe('ab c '));

  it('the log file gets every event', async () => {
    const file = join(scratch, 'log.jsonl');
    await runMain(['debian-12', 'bread', '--log-file', file, '-q'], { app: fakeApp({}, build) });
    const lines = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; time: string });
    expect(lines.map(({ type }) => type)).toEqual(build.map(({ type }) => type));
    expect(lines[0]?.time).toMatch(/^\d{4}-.*Z$/u);
  });

  it('a log file that cannot be written is an error before anything runs', async () => {
    await expect(openLogFile('/nowhere/at/all')).rejects.toMatchObject({ code: 'MSP_FILE_UNWRITABLE' });
    const app = fakeApp();
    expect(await runMain(['debian-12', 'bread', '--log-file', '/nowhere/at/all'], { app })).toMatchObject({ code: 1 });
    expect(app.asked.map(([name]) => name)).not.toContain('run');
  });
});

describe('an odd place', () => {
  it.each(['Pacific/Chatham', 'UTC'])('in the time zone %s all is the same', async (zone) => {
    const before = process.env['TZ'];
    process.env['TZ'] = zone;
    try {
      expect((await runMain(['list'], { env: { LC_ALL: 'tr_TR.UTF-8', LANG: 'C' } })).stdout).toContain('2 hours ago');
      expect((await runMain(['runs', 'show'])).stdout).toContain('2026-11-22T18:49:02Z');
      expect((await runMain(['LIST'])).code).toBe(2);
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
  });
});
