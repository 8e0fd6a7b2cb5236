/**
 * What is refused before any work: exit code, error code, nothing touched, not one package asked for. (The first second is
 * not timed; that nothing was asked of the mirror is what is looked at.)
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diffTrees, listTree } from '../support/tree-listing.ts';
import { startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import {
  errorOf,
  machinespawn,
  machinespawnOk,
  newPlace,
  type Place,
  type StartOptions,
} from './support/machinespawn.ts';
import { sharedCache } from './support/shared-place.ts';

let mirror: CountingMirror;
let place: Place;
beforeAll(async () => {
  mirror = await startCountingMirror();
  place = newPlace('bad', { cache: sharedCache() });
  await machinespawnOk(place, ['bootstrap', 'bookworm', 'bread', '--variant', 'minbase', '--mirror', mirror.url]);
});
afterAll(async () => {
  await mirror.close();
});

const build = (...args: readonly string[]): readonly string[] => [
  ...['bootstrap', '--json', '--variant', 'minbase', '--mirror', mirror.url],
  ...args,
];

interface Refusal {
  readonly exit: number;
  readonly code: string;
  readonly hint?: string | RegExp;
}

/** In an empty place: nothing may be there afterwards but the record of the run that was refused. */
async function expectRefused(args: readonly string[], refusal: Refusal, options: StartOptions = {}): Promise<Place> {
  const empty = newPlace('empty');
  mirror.forget();
  const ended = await machinespawn(empty, args, options);
  const { code, hint } = errorOf(ended);
  expect({ code, exit: ended.code }).toEqual({ code: refusal.code, exit: refusal.exit });
  if (refusal.hint !== undefined) expect(hint).toMatch(refusal.hint);
  expect(mirror.served.map(({ path }) => path)).toEqual([]);
  expect(readdirSync(empty.machines)).toEqual([]);
  return empty;
}

/** A wrapper that changes what there is to see, in a mount namespace that ends with the program. */
function seeing(script: string, ...args: readonly string[]): StartOptions {
  return {
    wrapper: [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-ec',
      `${script}\nshift ${args.length}; exec "$@"`,
      'sh',
      ...args,
    ],
  };
}

describe('an unknown', () => {
  it.each([
    ['image', ['debian-bokworm', 'bread'], 'MSP_IMAGE_UNKNOWN', /debian-bookworm/u],
    ['architecture', ['bookworm', 'bread', 'armv9'], 'MSP_ARCH_UNKNOWN', undefined],
    ['architecture of an image', ['ubuntu-22.04', 'bread', 'i386'], 'MSP_ARCH_REFUSED', /machinespawn images/u],
    ['option', ['bookworm', 'bread', '--hostnam', 'x'], 'MSP_USAGE', /--hostname/u],
    ['variant', ['bookworm', 'bread', '--variant', 'tiny'], 'MSP_USAGE', undefined],
  ])('%s is exit 2, with what was meant', async (_, args, code, hint) => {
    const empty = await expectRefused(build(...args), { exit: 2, code, ...(hint === undefined ? {} : { hint }) });
    expect(readdirSync(empty.root)).toEqual(['machines']);
  });

  it('command is exit 2, with the one that was meant', async () => {
    const { code, stderr } = await machinespawn(place, ['lsit']);
    expect([code, stderr]).toEqual([
      2,
      "error: 'lsit' is neither a command nor an image\nhint: did you mean 'list'?\n",
    ]);
  });
});

describe('a name that systemd-nspawn would refuse', () => {
  it.each(['a_b', '-x', 'a..b', 'ü', 'x'.repeat(65), '.host', '../x', 'a b', ''])("'%s' is exit 2", async (name) => {
    const args = ['--json', 'bootstrap', 'bookworm', '--', name];
    const empty = await expectRefused(args, { exit: 2, code: 'MSP_NAME_INVALID' });
    expect(readdirSync(empty.root)).toEqual(['machines']);
  });

  it('comes with one that would do', async () => {
    await expectRefused(build('bookworm', 'my_box'), {
      exit: 2,
      code: 'MSP_NAME_INVALID',
      hint: /^sudo machinespawn .*\bmy-box$/u,
    });
  });
});

describe('a machine that is there', () => {
  it('keeps its name', async () => {
    mirror.forget();
    const before = await listTree(place.machines, { content: false });
    const ended = await machinespawn(place, build('bookworm', 'bread'));
    expect({ code: errorOf(ended).code, exit: ended.code }).toEqual({ code: 'MSP_MACHINE_EXISTS', exit: 5 });
    expect(mirror.served).toEqual([]);
    expect(diffTrees(before, await listTree(place.machines, { content: false }))).toEqual([]);
  });

  it('and runs is neither run, removed nor replaced, and it is said who has it', async () => {
    const guest = spawn('systemd-nspawn', [
      ...['--quiet', '--register=no', '--keep-unit', '--console=pipe', '--machine=bread', '--as-pid2'],
      ...['-D', join(place.machines, 'bread'), 'sh', '-c', 'echo up; exec sleep 600'],
    ]);
    try {
      await new Promise<void>((resolve, reject) => {
        guest.stdout.once('data', () => resolve());
        guest.once('exit', () => reject(new TypeError('the machine did not start')));
      });
      for (const args of [
        ['run', 'bread', '--', 'true'],
        ['remove', 'bread', '-y'],
        [...build('bookworm', 'bread'), '--replace', '-y'],
      ]) {
        const { code, stderr } = await machinespawn(place, args);
        expect([code, stderr]).toEqual([5, expect.stringMatching(/MSP_MACHINE_RUNNING[^]*|"MSP_MACHINE_RUNNING"/u)]);
        expect(stderr).toContain('systemd-nspawn');
      }
      const machines = JSON.parse((await machinespawnOk(place, ['list', '--json'])).stdout) as { state: string }[];
      expect(machines).toMatchObject([{ name: 'bread', state: 'running' }]);
    } finally {
      const gone = new Promise((resolve) => guest.once('exit', resolve));
      guest.kill('SIGTERM');
      await Promise.race([gone, sleep(10_000).then(() => guest.kill('SIGKILL'))]);
    }
    expect((await machinespawn(place, ['run', 'bread', '--', 'true'])).code).toBe(0);
  });
});

describe('a host that lacks something is told so, and nothing is fetched:', () => {
  it('root, where sudo cannot give it', async () => {
    // As somebody else, who may yet read what the owner of the repository may read: it may be in a home that is closed.
    const { uid, gid } = statSync(import.meta.dirname);
    const asOwner = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
    const wrapper = [...asOwner, 'unshare', '--user', '--map-user=65534', '--map-group=65534'];
    await expectRefused(
      build('bookworm', 'bread'),
      { exit: 6, code: 'MSP_ROOT_NEEDED', hint: /^sudo .*bootstrap/u },
      { wrapper },
    );
  });

  it('debootstrap', async () => {
    const hidden = seeing('mount --bind /dev/null /usr/sbin/debootstrap');
    await expectRefused(
      build('bookworm', 'bread'),
      { exit: 6, code: 'MSP_TOOL_MISSING', hint: /apt-get install .*debootstrap/u },
      hidden,
    );
  });

  it('an emulator (the kernel has one here, but its table says that it has none)', async () => {
    const hidden = seeing('mount -t tmpfs none /proc/sys/fs/binfmt_misc; touch /proc/sys/fs/binfmt_misc/register');
    await expectRefused(
      build('bookworm', 'bread', 'arm64'),
      { exit: 6, code: 'MSP_BINFMT_MISSING', hint: /qemu-user-static/u },
      hidden,
    );
  });

  it('the keyring', async () => {
    await expectRefused(build('bookworm', 'bread', '--keyring', '/nowhere.gpg'), {
      exit: 6,
      code: 'MSP_KEYRING_MISSING',
      hint: /apt-get install/u,
    });
  });

  it('the needed key in the keyring', async () => {
    const keyrings = '/usr/share/keyrings';
    const other = seeing(
      `for f in ${keyrings}/debian-archive-keyring.*; do mount --bind ${keyrings}/debian-archive-removed-keys.gpg "$f"; done`,
    );
    await expectRefused(
      build('bookworm', 'bread'),
      { exit: 6, code: 'MSP_KEY_MISSING', hint: /debian-archive-keyring/u },
      other,
    );
  });

  it('space', async () => {
    const small = join(place.root, 'small');
    mkdirSync(small);
    const full = seeing('mount -t tmpfs -o size=64m none "$1"', small);
    await expectRefused(
      ['--cache-dir', small, ...build('bookworm', 'bread')],
      { exit: 6, code: 'MSP_SPACE_LOW', hint: /clean-cache/u },
      full,
    );
  });
});

describe('a pipeline file', () => {
  it('with faults is exit 3, with all of them at once, each with its line and column', async () => {
    const file = join(place.root, 'faulty.yaml');
    writeFileSync(
      file,
      [
        'format: 1',
        'id: faulty',
        'summary: Everything is wrong',
        'stepps: []',
        'inputs:',
        '  suite: { type: strin }',
        'steps:',
        '  - id: base',
        '    usess: echo',
        '    uses: echo',
        '    with: { text: "${{ inputs.sute }}" }',
        '  - id: base',
        '    uses: echo',
        '    with: { text: again }',
        '  - id: other',
        '    uses: ecko',
        '    timeout: 10 minutes',
        '',
      ].join('\n'),
    );
    const { code, stderr, stdout } = await machinespawn(place, ['pipeline', 'run', file]);
    expect(code).toBe(3);
    const faults = (stderr + stdout).split('\n').filter((line) => line.startsWith(file));
    const places = faults.map((line) => /:(\d+):\d+/u.exec(line.slice(file.length))?.[1]);
    for (const line of ['4', '6', '9', '11', '12', '16', '17']) expect(places, stderr).toContain(line);
    expect((await machinespawn(place, ['pipeline', 'validate', file])).code).toBe(3);
  });

  it('with a cycle, or with an alias bomb, is exit 3', async () => {
    const cycle = join(place.root, 'cycle.yaml');
    const step = (id: string, other: string): string =>
      `  - id: ${id}\n    uses: echo\n    needs: [${other}]\n    with: { text: x }\n`;
    writeFileSync(cycle, `format: 1\nid: round\nsummary: Round\nsteps:\n${step('one', 'two')}${step('two', 'one')}`);
    const round = await machinespawn(place, ['pipeline', 'run', cycle]);
    expect([round.code, round.stderr + round.stdout]).toEqual([
      3,
      expect.stringMatching(/cycle\.yaml:\d+:\d+.*(?:cycle|circle|each other)/u),
    ]);

    const bomb = join(place.root, 'bomb.yaml');
    const levels = Array.from(
      { length: 12 },
      (_, at) => `a${at + 1}: &a${at + 1} [${Array(10).fill(`*a${at}`).join(', ')}]`,
    );
    writeFileSync(bomb, `a0: &a0 boom\n${levels.join('\n')}\n`);
    const blown = await machinespawn(place, ['pipeline', 'run', bomb]);
    expect([blown.code, blown.stderr + blown.stdout]).toEqual([3, expect.stringMatching(/bomb\.yaml:\d+:\d+/u)]);
  });
});

describe('what was refused', () => {
  it('has left the machine that is there as it was', () => {
    expect(readdirSync(place.machines).filter((name) => !name.startsWith('.#'))).toEqual(['bread']);
    expect(readFileSync(join(place.machines, 'bread/etc/hostname'), 'utf8')).toBe('bread\n');
    expect(execFileSync('findmnt', ['-rno', 'TARGET'], { encoding: 'utf8' })).not.toContain(place.root);
  });
});
