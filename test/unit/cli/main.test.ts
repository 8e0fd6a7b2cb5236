import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { RunHandle } from '../../../src/app-types.ts';
import { fail } from '../../../src/errors/machinespawn-error.ts';
import { bread, fakeApp, lastRun, succeeded } from './fake-app.ts';
import { build, end } from './run-events.ts';
import { runMain } from './run-main.ts';

const names = (app: ReturnType<typeof fakeApp>): readonly string[] => app.asked.map(([name]) => name);
const requestOf = (app: ReturnType<typeof fakeApp>): unknown => app.asked.find(([name]) => name === 'run')?.[1];

describe('a wrong line', () => {
  it.each([
    ['lsit', "error: 'lsit' is neither a command nor an image\nhint: did you mean 'list'?\n"],
    ['frobnicate', "error: 'frobnicate' is neither a command nor an image\nhint: machinespawn --help\n"],
    [
      'debian-boookworm bread',
      "error: there is no image 'debian-boookworm'\nhint: did you mean debian-bookworm? All images: machinespawn images\n",
    ],
    [
      'bokworm bread',
      "error: there is no image 'bokworm'\nhint: did you mean bookworm? All images: machinespawn images\n",
    ],
    ['--lits', "error: there is no option '--lits'\n"],
    ['list --jsn', "error: there is no option '--jsn'\nhint: did you mean '--json'?\n"],
    ['pipeline rnu', "error: 'rnu' is not a command of 'pipeline'\nhint: did you mean 'machinespawn pipeline run'?\n"],
    ['bootstrap debian-12', 'error: bootstrap: <name> is missing\nhint: machinespawn bootstrap --help\n'],
    [
      'bootstrap debian-12 a amd64 more',
      'error: bootstrap takes no more than 3 words\nhint: machinespawn bootstrap --help\n',
    ],
    ['doctor now', 'error: doctor takes no words\nhint: machinespawn doctor --help\n'],
    ['list --format', 'error: --format needs a value\nhint: machinespawn list --help\n'],
    [
      'list --format xml',
      "error: --format: 'xml' is not one of table, wide, json, names\nhint: machinespawn list --help\n",
    ],
    ['list --json --format names', /"--json and --format names contradict each other"/u],
    ['-j many list', "error: --jobs: 'many' is not a whole number\nhint: machinespawn list --help\n"],
    [
      'debian-12 my_box',
      "error: 'my_box' cannot be a machine name: '_' is not allowed, only letters, digits, '-' and '.', at most 64 characters\nhint: sudo machinespawn debian-12 my-box\n",
    ],
    ['debian-12 bread armv9', /^error: there is no architecture 'armv9'/u],
    ['debian-12/arm64 bread amd64', /^error: the image says arm64, and amd64 is asked for/u],
    ['debian-12 bread amd64 --arch arm64', 'error: two architectures are asked for: arm64 and amd64\n'],
    [
      'run bread --bnd=/src ls',
      "error: there is no option '--bnd'\nhint: did you mean '--bind'? For systemd-nspawn: --nspawn-arg=--bnd=/src\n",
    ],
    ['run bread --machine=x', /^error: there is no option '--machine'/u],
    ['run my_box', /^error: 'my_box' cannot be a machine name/u],
    ['clean-cache --older-than soon', /^error: 'soon'/u],
    ['pipeline run bootstrap -i image', "error: --input 'image' is not NAME=VALUE\n"],
    ['pipeline run bootstrap -i a=1 -i a=2', "error: input 'a' is given twice\n"],
    ['help me', /^error: there is no command and no topic 'me'/u],
    ['pull-tar --proxy foo - box', /^error: the proxy that --proxy names is not the address of one: 'foo'/u],
    ['pull-raw --limit-rate 0 - box', /^error: '0' is no rate: nothing would ever come/u],
    ['pull-raw --limit-rate=-1 - box', /^error: '-1' is not a size/u],
    ['runs rm', /^error: runs rm: it is not said which/u],
    ['cache explain nothing-like-it', /^error: there is no image/u],
  ])('%s: exit 2, and nothing is touched', async (line, said) => {
    const app = fakeApp();
    const seen = await runMain(line.split(' '), { app });
    expect(seen).toMatchObject({ code: 2, stdout: '' });
    if (typeof said === 'string') expect(seen.stderr).toBe(said);
    else expect(seen.stderr).toMatch(said);
    expect(names(app).filter((name) => !['listPipelines', 'showRun', 'listMachines'].includes(name))).toEqual([]);
  });

  it.each(['-x', 'a..b', 'ü', 'a'.repeat(65), '.host', '../x'])('the name %s gets one that would do', async (name) => {
    const app = fakeApp();
    const { code, stderr } = await runMain(['debian-12', name, '--json'], { app });
    expect(code).toBe(2);
    const { error } = JSON.parse(stderr) as { error: { code: string; hint: string | null } };
    expect(error.code).toBe('MSP_NAME_INVALID');
    expect(error.hint).toMatch(/(?:machinespawn debian-12|would do:) [A-Za-z0-9]/u);
    expect(names(app)).toEqual([]);
  });

  it('is one object on stderr with --json', async () => {
    const { stderr, stdout } = await runMain(['list', '--json', '--nope']);
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: 'MSP_USAGE',
        message: "there is no option '--nope'",
        hint: 'machinespawn list --help',
        exitCode: 2,
        run: null,
        details: { problem: "there is no option '--nope'", hint: 'machinespawn list --help' },
      },
    });
    expect(stdout).toBe('');
  });
});

describe('bootstrap', () => {
  it.each([
    [['debian-bookworm', 'bread'], { image: 'debian-12', name: 'bread' }],
    [['bootstrap', 'debian:12', 'bread', 'arm64'], { image: 'debian-12', name: 'bread', arch: 'arm64' }],
    [['bookworm/arm64', 'bread'], { image: 'debian-12', name: 'bread', arch: 'arm64' }],
    [['--arch', 'i386', 'debian/bookworm', 'bread'], { image: 'debian-12', name: 'bread', arch: 'i386' }],
    [
      ['debian-12', 'bread', '--include=a,b', '--include', 'c', '--keyring', 'keys.gpg'],
      { image: 'debian-12', name: 'bread', include: ['a', 'b', 'c'], keyring: '/home/alice/keys.gpg' },
    ],
    [
      ['-C', 'sub', 'debian-12', 'bread', '--keyring', 'keys.gpg'],
      { image: 'debian-12', name: 'bread', keyring: '/home/alice/sub/keys.gpg' },
    ],
  ])('%j', async (argv, inputs) => {
    const app = fakeApp();
    expect(await runMain(argv, { app })).toMatchObject({ code: 0 });
    expect(requestOf(app)).toMatchObject({ pipeline: 'bootstrap', inputs: { replace: false, ...inputs } });
    expect(names(app)).toEqual(['elevate', 'missingTools', 'isolate', 'run']);
  });

  it('says what there is now, and how to get in', async () => {
    const seen = await runMain(['debian-12', 'bread'], { app: fakeApp({}, [...build, ...end]) });
    expect(seen.stdout).toBe('');
    expect(seen.stderr.split('\n').slice(-5)).toEqual([
      '[38.5s] done: /var/lib/machines/bread',
      '',
      'Machine bread is ready (Debian 12, amd64, 289 MiB) in 39s.',
      '  Shell:  sudo machinespawn run bread',
      '',
    ]);
  });

  it('gives the outcome as JSON', async () => {
    const { stdout } = await runMain(['debian-12', 'bread', '--json', '-q'], { app: fakeApp({}, build) });
    expect(JSON.parse(stdout)).toEqual(succeeded);
  });

  it('takes mirrors to fall back on, none otherwise', async () => {
    const app = fakeApp();
    const line = ['debian-12', 'bread', '--fallback-mirror=http://m,http://n', '--fallback-mirror', 'http://o'];
    await runMain(line, { app });
    expect(requestOf(app)).toMatchObject({ inputs: { 'fallback-mirrors': ['http://m', 'http://n', 'http://o'] } });
    const plain = fakeApp();
    await runMain(['debian-12', 'bread'], { app: plain });
    expect(requestOf(plain)).not.toHaveProperty(['inputs', 'fallback-mirrors']);
  });

  it('hands what the environment said to sudo as options', async () => {
    const app = fakeApp();
    const env = {
      MACHINESPAWN_STATE_DIR: '/s',
      MACHINESPAWN_MIRROR: 'http://m',
      MACHINESPAWN_PROXY: 'none',
      MACHINESPAWN_NO_INPUT: '1',
      MACHINESPAWN_JOBS: '2',
    };
    await runMain(['debian-12', 'bread'], { app, env });
    expect(app.asked[0]).toEqual([
      'elevate',
      ['--state-dir=/s', '--jobs=2', '--no-input', 'debian-12', 'bread', '--mirror=http://m', '--proxy=none'],
    ]);
    expect(requestOf(app)).toMatchObject({ jobs: 2, inputs: { mirror: 'http://m', proxy: 'none' } });
  });

  it('hands a password to nobody as an option', async () => {
    for (const line of [
      ['debian-12', 'bread'],
      ['run', 'bread'],
    ]) {
      const app = fakeApp();
      await runMain(line, { app, env: { MACHINESPAWN_PROXY: 'http://u:pw@p' } });
      expect(app.asked[0]).toEqual(['elevate', line]);
      expect(requestOf(app)).toMatchObject({ inputs: { proxy: 'http://u:pw@p' } });
    }
  });

  it('with --dry-run shows the plan and becomes nobody', async () => {
    const app = fakeApp({
      plan: async () => ({
        pipeline: 'bootstrap',
        summary: 'Build a machine',
        inputs: {},
        resumes: '20261122-184902-k3f9',
        steps: [
          {
            id: 'check-host',
            uses: 'check-host',
            summary: 'Look at the host',
            needs: [],
            cache: 'off',
            why: '',
            outcome: null,
            error: null,
            input: null,
          },
          {
            id: 'first-stage',
            uses: 'bootstrap-first-stage',
            summary: 'Unpack',
            needs: [],
            cache: 'miss',
            why: 'no result yet',
            outcome: null,
            error: null,
            input: null,
          },
          {
            id: 'twin',
            uses: 'unpack-packages',
            summary: 'Unpack a twin',
            needs: [],
            cache: 'off',
            why: 'not ${{ inputs.twin }}',
            outcome: 'skipped',
            error: null,
            input: null,
          },
        ],
      }),
    });
    const seen = await runMain(['--dry-run', 'debian-12', 'bread'], { app });
    expect(seen.stdout).toMatchInlineSnapshot(`
      "plan (nothing will be changed):
        goes on with run 20261122-184902-k3f9
        1  check-host   Look at the host  runs
        2  first-stage  Unpack            miss: no result yet
        3  twin         Unpack a twin     skipped: not \${{ inputs.twin }}
      "
    `);
    expect(names(app)).toEqual([]);
  });

  it('with --dry-run ends as the run would where a step has looked and failed', async () => {
    const error = fail('MSP_ARCHIVE_LACKS', { suite: 'buster', mirror: 'http://m', what: 'suite updates' }).toJSON();
    const look = {
      id: 'archive',
      uses: 'resolve-archive',
      summary: 'Find it',
      needs: [],
      cache: 'off',
      input: null,
    } as const;
    const step = { ...look, why: error.message, outcome: 'failed', error } as const;
    const plan = { pipeline: 'bootstrap', summary: '', inputs: {}, resumes: null, steps: [step] };
    for (const more of [[], ['--json']]) {
      const seen = await runMain(['--dry-run', 'debian-12', 'bread', ...more], {
        app: fakeApp({ plan: async () => plan }),
      });
      expect(seen.code).toBe(error.exitCode);
      expect(seen.stdout).toContain(error.message);
    }
  });

  it('asks before it replaces a machine that is there', async () => {
    const app = fakeApp();
    expect(await runMain(['debian-12', 'bread', '--replace'], { app })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('needs a confirmation') as string,
    });
    expect(names(app)).not.toContain('run');
    expect(await runMain(['debian-12', 'other', '--replace'])).toMatchObject({ code: 0 });
    expect(await runMain(['debian-12', 'bread', '--replace', '-y'])).toMatchObject({ code: 0 });
  });
});

describe('tools that are missing', () => {
  const missing = {
    packages: ['debootstrap'],
    commands: [
      ['apt-get', 'update'],
      ['apt-get', '-y', 'install', 'debootstrap'],
    ],
  };

  it('without a terminal: exit 6 with the command', async () => {
    const app = fakeApp({ missingTools: async () => missing });
    const seen = await runMain(['debian-12', 'bread'], { app });
    expect(seen.code).toBe(6);
    expect(seen.stderr).toBe(
      'error: debootstrap is not installed (MSP_TOOL_MISSING)\nhint: sudo apt-get install debootstrap\n',
    );
    expect(names(app)).toEqual(['elevate']);
  });

  it.each([
    ['n\n', 6, ['elevate']],
    ['y\n', 0, ['elevate', 'installTools', 'isolate', 'run']],
  ])('on a terminal, with the answer %j', async (typed, code, done) => {
    const app = fakeApp({ missingTools: async () => missing });
    const seen = await runMain(['debian-12', 'bread'], { app, typed });
    expect(seen.code).toBe(code);
    expect(seen.stderr).toContain(
      'missing: debootstrap\n  apt-get update\n  apt-get -y install debootstrap\nInstall them now? [y/N] ',
    );
    expect(names(app)).toEqual(done);
  });

  it('with -y: shown and installed', async () => {
    const app = fakeApp({ missingTools: async () => missing });
    const seen = await runMain(['-y', 'debian-12', 'bread'], { app });
    expect(seen.stderr).toContain('  apt-get -y install debootstrap\n');
    expect(names(app)).toContain('installTools');
  });
});

describe('run', () => {
  const inputs = {
    name: 'bread',
    setenv: [],
    bind: [],
    bindReadOnly: [],
    ephemeral: false,
    readOnly: false,
    asRootPid1: false,
  };
  it.each([
    [['bread'], { command: [], nspawnArgs: [] }],
    [['bread', '--', 'ls', '-la'], { command: ['ls', '-la'], nspawnArgs: [] }],
    [
      ['bread', 'ls', '--user', 'x', '--help', '--', '-q'],
      { command: ['ls', '--user', 'x', '--help', '--', '-q'], nspawnArgs: [] },
    ],
    [['bread', '--bind=/src', 'ls'], { command: ['ls'], bind: ['/src'], nspawnArgs: [] }],
    [['bread', '--bind', 'sub:/x:ro', 'ls'], { command: ['ls'], bind: ['/home/alice/sub:/x:ro'], nspawnArgs: [] }],
    [['bread', '--bind=here'], { command: [], bind: ['/home/alice/here:/home/alice/here'], nspawnArgs: [] }],
    [['bread', '--boot'], { command: [], nspawnArgs: ['--boot'] }],
    [
      ['bread', '--tmpfs=/x', '-n', '-x', 'sh', '-c', 'a'],
      { command: ['sh', '-c', 'a'], ephemeral: true, nspawnArgs: ['--tmpfs=/x', '-n'] },
    ],
    [
      ['-u', 'bob', 'bread', '-w', '/srv', '-EA=1', '-E', 'B=2,3', 'id'],
      { command: ['id'], user: 'bob', chdir: '/srv', setenv: ['A=1', 'B=2,3'], nspawnArgs: [] },
    ],
    [['bread', '--nspawn-arg=--cap=x', '--', '--odd'], { command: ['--odd'], nspawnArgs: ['--cap=x'] }],
    [['--', 'bread', 'ls', '-l'], { command: ['ls', '-l'], nspawnArgs: [] }],
    [['bread', '--timeout', '90s', 'true'], { command: ['true'], timeout: '90s', nspawnArgs: [] }],
  ])('%j', async (argv, wanted) => {
    const app = fakeApp();
    const seen = await runMain(['run', ...argv], { app });
    expect(seen.stderr).toBe('');
    expect(requestOf(app)).toEqual({ pipeline: 'run', ephemeral: true, inputs: { ...inputs, ...wanted } });
  });

  it('gives the exit code of the command', async () => {
    const app = fakeApp({
      run: async () => ({
        runId: 'x',
        cancel: () => undefined,
        done: Promise.resolve({ ...succeeded, outputs: { exitCode: 42 } }),
      }),
    });
    expect(await runMain(['run', 'bread', 'false'], { app })).toEqual({
      code: 42,
      stdout: '',
      stderr: '',
      request: expect.anything() as unknown,
    });
  });
});

describe('remove', () => {
  const policy: readonly (readonly [line: string, typed: string | undefined, code: number, isRun: boolean])[] = [
    ['remove bread', undefined, 0, true],
    ['remove bread', 'n\n', 0, false],
    ['remove bread', '\n', 0, false],
    ['remove bread', '', 0, false],
    ['remove bread', 'y\n', 0, true],
    ['remove bread -y', 'n\n', 0, true],
    ['remove bread --no-input', 'n\n', 0, true],
    ['remove bread toast', undefined, 2, false],
    ['remove bread toast -y', undefined, 0, true],
    ['remove br*', undefined, 2, false],
    ['rm br* --yes', undefined, 0, true],
    ['remove busy --force', undefined, 0, true],
    ['remove nothing', undefined, 4, false],
    ['remove n*', undefined, 4, false],
  ];
  it.each(policy)('%s (typed: %j) ends with %i, removes: %s', async (line, typed, code, isRun) => {
    const machines = [bread, { ...bread, name: 'toast' }, { ...bread, name: 'busy', state: 'running' as const }];
    const app = fakeApp({ listMachines: async () => machines });
    const seen = await runMain(line.split(' '), { app, ...(typed === undefined ? {} : { typed }) });
    expect(seen.code).toBe(code);
    expect(names(app).includes('run')).toBe(isRun);
  });

  it.each(['remove busy', 'remove busy -y'])('%s: the step, which knows who uses it, refuses', async (line) => {
    const requests: unknown[] = [];
    const error = fail('MSP_MACHINE_RUNNING', { name: 'busy', holder: 'systemd-nspawn' });
    const outcome = { ...succeeded, status: 'failed' as const, exitCode: error.exitCode, error: error.toJSON() };
    const app = fakeApp({
      listMachines: async () => [{ ...bread, name: 'busy', state: 'running' }],
      run: async (request) => {
        requests.push(request.inputs);
        return { runId: succeeded.runId, cancel: () => undefined, done: Promise.resolve(outcome) };
      },
    });
    const seen = await runMain(line.split(' '), { app });
    expect(requests).toEqual([{ names: ['busy'], force: false, keepSettings: false }]);
    expect(seen.code).toBe(5);
    expect(seen.stderr).toContain("error: machine 'busy' is running (systemd-nspawn)");
    expect(seen.stderr).not.toContain('Removed');
  });

  it('asks about what it removes', async () => {
    const { stderr } = await runMain(['remove', 'bread'], { typed: 'y\n' });
    expect(stderr).toContain('Remove bread (289 MiB, Debian 12) and its settings file? [y/N] ');
    expect(stderr).toContain('Removed bread.\n');
  });
});

describe('the end of a run', () => {
  const ending = (changes: Partial<typeof succeeded>): RunHandle => ({
    runId: succeeded.runId,
    cancel: () => undefined,
    done: Promise.resolve({ ...succeeded, ...changes }),
  });

  it('that was interrupted: how to go on', async () => {
    const app = fakeApp({
      run: async () =>
        ending({ status: 'interrupted', exitCode: 130, resumable: true, steps: { total: 7, done: 3, cached: 0 } }),
    });
    const seen = await runMain(['debian-12', 'bread'], { app });
    expect(seen.code).toBe(130);
    expect(seen.stderr).toMatchInlineSnapshot(`
      "
      Interrupted. 3 of 7 steps are saved.
        Resume:  sudo machinespawn resume k3f9        (or the same command again)
        Discard: sudo machinespawn runs rm k3f9
      "
    `);
  });

  it('that failed: error, hint, log', async () => {
    const error = fail('MSP_DISK_FULL', { path: '/var' }).toJSON();
    const app = fakeApp({ run: async () => ending({ status: 'paused', exitCode: 6, resumable: true, error }) });
    const seen = await runMain(['debian-12', 'bread'], { app });
    expect(seen.code).toBe(6);
    expect(seen.stderr).toContain('error: the disk is full at /var (MSP_DISK_FULL)\nhint: make space');
    expect(seen.stderr).toContain('Paused. 3 of 3 steps are saved.');
  });

  it('that failed after something was done: how to go on', async () => {
    const error = fail('MSP_DISK_FULL', { path: '/var' }).toJSON();
    const failing = { status: 'failed', exitCode: 6, error } as const;
    const lastOf = async (changes: Partial<typeof succeeded>): Promise<string | undefined> => {
      const app = fakeApp({ run: async () => ending({ ...failing, ...changes }) });
      return (await runMain(['debian-12', 'bread'], { app })).stderr.trim().split('\n').at(-1);
    };
    expect(await lastOf({ resumable: true })).toBe('next: sudo machinespawn resume k3f9   (what is done is kept)');
    expect(await lastOf({ resumable: false })).toMatch(/^hint: /u);
    expect(await lastOf({ resumable: true, steps: { total: 3, done: 0, cached: 0 } })).toMatch(/^hint: /u);
  });

  it('obeys the first signal softly, the second hard', async () => {
    const signals = new EventEmitter();
    const cancelled: unknown[] = [];
    const { promise, resolve } = Promise.withResolvers<typeof succeeded>();
    const app = fakeApp({
      run: async () => {
        setImmediate(() => {
          signals.emit('SIGINT');
          signals.emit('SIGTERM');
          resolve({ ...succeeded, status: 'interrupted', exitCode: 130 });
        });
        return { runId: 'x', cancel: (...args: unknown[]) => void cancelled.push(args), done: promise };
      },
    });
    const seen = await runMain(['debian-12', 'bread'], { app, signals });
    expect(seen.code).toBe(130);
    expect(cancelled).toEqual([
      ['SIGINT', false],
      ['SIGTERM', true],
    ]);
    expect(seen.stderr).toBe('stopping… (press Ctrl-C again to kill now)\n');
    expect(signals.listenerCount('SIGINT')).toBe(0);
  });
});

describe('lists', () => {
  it('list', async () => {
    const { stdout } = await runMain(['list']);
    expect(stdout).toMatchInlineSnapshot(`
      "NAME   STATE    OS         ARCH   TYPE          SIZE  CREATED
      bread  stopped  Debian 12  amd64  directory  289 MiB  2 hours ago
      1 machine.
      "
    `);
  });
  it.each([
    [['list', '-q'], 'bread\n'],
    [['-q', 'ls'], 'bread\n'],
    [['list', '--format=names', 'x*'], ''],
    [['list', 'x*'], '0 machines.\n'],
    [['list-images', '--no-legend'], 'bread  stopped  Debian 12  amd64  directory  289 MiB  2 hours ago\n'],
    [['runs', 'ls', '-q'], `${lastRun.id}\n`],
    [['runs', 'ls', '--status', 'failed'], 'No runs.\n'],
    [['cache', 'ls'], 'The cache is empty.\n'],
    [['pipeline', 'list', '--no-legend'], 'bootstrap  builtin  1  yes  Build a machine\n'],
    [['pipeline', 'steps', '-q'], 'echo\n'],
    [['pipeline', 'graph', 'bootstrap'], 'a -> b\n'],
    [['pipeline', 'show', 'bootstrap', '--text'], 'format: 1\n'],
    [['pipeline', 'validate', 'a.yaml'], '0 errors in 1 file\n'],
    [['cache', 'explain', 'debian-12'], 'STEP         CACHE  WHY\nfirst-stage  miss   arch is arm64, was amd64\n'],
    [['doctor'], '✔ root            sudo available\nNo problems.\n'],
    [['--version'], 'machinespawn 0.1.0\n'],
    [['list', '-V'], 'machinespawn 0.1.0\n'],
  ])('%j', async (argv, stdout) => {
    expect(await runMain(argv)).toMatchObject({ code: 0, stdout, stderr: '' });
  });
  it('list of a closed directory says how to open it', async () => {
    const app = fakeApp({
      listMachines: async () =>
        Promise.reject(fail('MSP_FILE_UNREADABLE', { path: '/m', problem: 'permission denied' })),
    });
    expect(await runMain(['list', '--format', 'wide'], { app })).toMatchObject({
      code: 1,
      stderr:
        'error: /m cannot be read: permission denied (MSP_FILE_UNREADABLE)\nhint: sudo machinespawn list --format wide\n',
    });
  });
  it('list --json is the machines', async () => {
    expect(JSON.parse((await runMain(['list', '--json'])).stdout)).toEqual([bread]);
  });
  it('--version --json names the tools', async () => {
    expect(JSON.parse((await runMain(['--version', '--json'])).stdout)).toEqual({
      machinespawn: '0.1.0',
      node: '24.0.0',
      systemd: '252',
      debootstrap: null,
      kernel: '6.1',
    });
  });
  it('runs show', async () => {
    expect((await runMain(['runs', 'show', 'k3f9'])).stdout).toMatchInlineSnapshot(`
      "Run:      20261122-184902-k3f9
      Pipeline: bootstrap
      Machine:  bread
      Status:   interrupted (can be resumed)
      Started:  2026-11-22T18:49:02Z
      Ended:    2026-11-22T18:49:51Z
      Took:     49s
      Steps:    3 of 7 done, 1 from cache, 0 skipped, 0 failed
      Inputs:   image=debian-12 name=bread
      By:       alice, machinespawn 0.1.0
      Folder:   /var/lib/machinespawn/runs/20261122-184902-k3f9

      STEP         STATUS     ATTEMPTS  TIME  KEY
      first-stage  succeeded         1   38s  abababababab
      "
    `);
  });
});

describe('other commands', () => {
  it('doctor with problems ends with 6', async () => {
    const app = fakeApp({
      doctor: async () => [
        {
          id: 'keyring',
          title: 'keyring',
          status: 'fail',
          detail: 'is missing',
          fix: { command: 'sudo apt-get install x' },
        },
        { id: 'storage', title: 'storage', status: 'warn', detail: 'is ext4', fix: null },
      ],
    });
    const seen = await runMain(['doctor'], { app });
    expect(seen.code).toBe(6);
    expect(seen.stdout).toMatchInlineSnapshot(`
      "✖ keyring         is missing
                        fix: sudo apt-get install x
      ! storage         is ext4
      1 problem, 1 warning.  Fix all: sudo machinespawn doctor --fix
      "
    `);
  });

  it('validate with faults ends with 3', async () => {
    const fault = {
      file: 'a,b.yaml',
      line: 2,
      column: 5,
      endColumn: 9,
      code: 'X',
      path: 'steps',
      message: 'bad\nline',
      hint: null,
      text: 'a.yaml:2:5  error  bad',
    };
    const app = fakeApp({
      validatePipeline: async () => [
        { ...fault, severity: 'error' as const },
        { ...fault, severity: 'warning' as const },
      ],
    });
    expect(await runMain(['pipeline', 'validate', 'a.yaml'], { app })).toMatchObject({
      code: 3,
      stdout: 'a.yaml:2:5  error  bad\na.yaml:2:5  error  bad\n1 error, 1 warning in 1 file\n',
    });
    expect((await runMain(['pipeline', 'validate', 'a.yaml', '--format', 'github'], { app })).stdout).toContain(
      '::error file=a%2Cb.yaml,line=2,col=5,endColumn=9::bad%0Aline\n',
    );
    const warned = fakeApp({ validatePipeline: async () => [{ ...fault, severity: 'warning' as const }] });
    expect(await runMain(['pipeline', 'validate', 'a.yaml'], { app: warned })).toMatchObject({ code: 0 });
    expect(await runMain(['pipeline', 'validate', 'a.yaml', '--strict'], { app: warned })).toMatchObject({ code: 3 });
  });

  it('validate reads standard input', async () => {
    const app = fakeApp();
    await runMain(['pipeline', 'validate', '-'], { app, stdin: 'format: 1' });
    expect(app.asked).toEqual([['validatePipeline', '<stdin>', 'format: 1']]);
  });

  it('resume goes on, as root where a step needs it', async () => {
    const [echo] = await fakeApp().stepTypes();
    const [hello] = await fakeApp().listPipelines();
    if (echo === undefined || hello === undefined) throw new RangeError('the fake has nothing');
    const app = fakeApp({
      stepTypes: async () => [{ ...echo, id: 'bootstrap-first-stage', needsRoot: true }],
      listPipelines: async () => [{ ...hello, name: 'bootstrap', origin: 'builtin' }],
    });
    expect(await runMain(['resume'], { app })).toMatchObject({ code: 0 });
    expect(names(app)).toEqual([
      'listRuns',
      'showRun',
      'elevate',
      'listRuns',
      'elevate',
      'missingTools',
      'isolate',
      'resume',
    ]);
  });

  it('resume of a pipeline file asks for no file, which may be gone', async () => {
    const stepDetails = lastRun.stepDetails.map((step) => ({ ...step, uses: 'echo' }));
    const own = { ...lastRun, pipeline: 'my-own', stepDetails };
    const app = fakeApp({ listRuns: async () => [own], showRun: async () => own });
    expect(await runMain(['resume'], { app })).toMatchObject({ code: 0 });
    expect(names(app)).toEqual(['stepTypes', 'listPipelines', 'resume']);
  });

  it('runs rm of what could be resumed needs a yes', async () => {
    expect(await runMain(['runs', 'rm', 'k3f9'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--yes') as string,
    });
    const app = fakeApp();
    expect(await runMain(['runs', 'rm', 'k3f9', '-y'], { app })).toMatchObject({ code: 0 });
    expect(app.asked.at(-1)).toEqual(['removeRuns', [lastRun.id]]);
    expect(await runMain(['runs', 'rm', 'nope', '-y'])).toMatchObject({ code: 4 });
  });

  it('clean-cache says what it freed', async () => {
    const outputs = { freedBytes: 2 ** 30, removed: [{ kind: 'package', path: '/x', sizeBytes: 2 ** 30 }] };
    const app = fakeApp({
      run: async () => ({ runId: 'x', cancel: () => undefined, done: Promise.resolve({ ...succeeded, outputs }) }),
    });
    expect((await runMain(['clean-cache'], { app })).stderr).toBe('Freed 1 GiB (1 removed).\n');
    expect(JSON.parse((await runMain(['clean-cache', '--json'], { app })).stdout)).toEqual(outputs);
    expect(await runMain(['clean-cache', '--all'], { app })).toMatchObject({ code: 2 });
  });

  it.each([
    [['clean-cache'], { images: [], kinds: ['bootstrap', 'packages', 'downloads'], keep: 0 }],
    [['clean-bootstrap', 'debian-bookworm-amd64'], { images: ['debian-12/amd64'], kinds: ['bootstrap'], keep: 0 }],
    [
      ['clean-cache', '--all', '-y', '--keep', '3', '--older-than', '30d'],
      { images: [], kinds: ['bootstrap', 'packages', 'downloads', 'runs'], keep: 3, olderThan: '30d' },
    ],
  ])('%j', async (argv, inputs) => {
    const app = fakeApp();
    await runMain(argv, { app });
    expect(requestOf(app)).toEqual({ pipeline: 'clean-cache', inputs, ephemeral: true });
  });

  it('a bug is shown with its stack and ends with 70', async () => {
    const app = fakeApp({ listMachines: async () => Promise.reject(new TypeError('at http://user:secret@host/')) });
    const seen = await runMain(['list'], { app });
    expect(seen.code).toBe(70);
    expect(seen.stderr).toContain('TypeError: at http://***@host/');
    expect(seen.stderr).toContain('please report it');
    expect(seen.stderr).not.toContain('secret');
  });

  it('a reader that left is no error', async () => {
    const app = fakeApp({
      listMachines: async () => Promise.reject(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    expect(await runMain(['list'], { app })).toMatchObject({ code: 0, stderr: '' });
  });
});

it('settings come from options, then from the environment', async () => {
  const env = {
    MACHINESPAWN_STATE_DIR: 'state',
    MACHINESPAWN_CACHE_DIR: '/env/cache',
    MACHINESPAWN_SNAPSHOT_DRIVER: 'copy',
  };
  const { request } = await runMain(['-C', '/work', 'list', '--cache-dir', 'cache'], { env });
  expect(request).toMatchObject({
    cwd: '/work',
    settings: { stateDirectory: '/work/state', cacheDirectory: '/work/cache', snapshotDriver: 'copy' },
    isInteractive: false,
  });
  expect(await runMain(['list'], { env: { MACHINESPAWN_SNAPSHOT_DRIVER: 'zfs' } })).toMatchObject({ code: 2 });
  expect(await runMain(['list'], { env: { MACHINESPAWN_JOBS: 'x' } })).toMatchObject({ code: 2 });
});
