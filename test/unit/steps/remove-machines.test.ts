import { expect, test } from 'vitest';
import { removeMachines } from '../../../src/steps/remove-machines.ts';
import { testStep, type World } from '../../../src/testing.ts';
import { machines, record, whole } from './machine-fixture.ts';

const settings = '/etc/systemd/nspawn/bread.nspawn';
const two = (world: World): void => {
  world.put(whole, `${machines}/bread`);
  world.put({
    [`${machines}/toast.raw`]: 'disk',
    [`${machines}/jam/etc/x`]: '',
    [`${machines}/.#bread.lck`]: '',
    [record]: '{}',
    [settings]: '# managed by machinespawn\n',
  });
};
const left = (world: World): string[] =>
  [...world.listing().keys()]
    .filter((path) => path.startsWith(`${machines}/`))
    .map((path) => path.slice(machines.length + 1).split('/')[0] ?? '');
const untouched = (world: World): void =>
  expect(new Set(left(world))).toEqual(new Set(['.#bread.lck', 'bread', 'jam', 'toast.raw']));
const running = { holders: { bread: 'process 12' } };

testStep(
  removeMachines,
  {
    accepts: [
      {
        name: 'a directory and a disk image',
        input: { names: ['bread', 'toast', 'bread'] },
        prepare: two,
        output: { removed: ['bread', 'toast'] },
        whenDone: 'MSP_MACHINE_NOT_FOUND',
        after: (world) => {
          expect(new Set(left(world))).toEqual(new Set(['jam']));
          expect([world.has(record), world.has(settings)]).toEqual([false, false]);
        },
      },
      {
        name: 'settings that are to stay',
        input: { names: ['bread'], keepSettings: true },
        prepare: two,
        output: { removed: ['bread'] },
        whenDone: 'MSP_MACHINE_NOT_FOUND',
        after: (world) => expect(world.has(settings)).toBe(true),
      },
      {
        name: "settings that are somebody else's",
        input: { names: ['bread'] },
        prepare: (world) => {
          two(world);
          world.put({ [settings]: '[Exec]\nBoot=yes\n' });
        },
        output: { removed: ['bread'] },
        whenDone: 'MSP_MACHINE_NOT_FOUND',
        after: (world) => expect(world.has(settings)).toBe(true),
      },
    ],
    refuses: [
      { name: 'no name', input: { names: [] }, at: 'names' },
      { name: 'a name that leads out of the directory', input: { names: ['../pull-tar'] }, at: 'names.0' },
    ],
    fails: [
      {
        name: 'one of two is not there: nothing is removed',
        input: { names: ['bread', 'breda'] },
        prepare: two,
        code: 'MSP_MACHINE_NOT_FOUND',
        after: untouched,
      },
      {
        name: 'it runs',
        input: { names: ['toast', 'bread'] },
        prepare: two,
        host: running,
        code: 'MSP_MACHINE_RUNNING',
        after: untouched,
      },
      {
        name: 'it runs, and nobody can stop it',
        input: { names: ['bread'], force: true },
        prepare: two,
        host: running,
        code: 'MSP_MACHINE_RUNNING',
        after: untouched,
      },
    ],
    writes: [`${machines}/*`, '/var/lib/machinespawn/machines', settings],
  },
  test,
);

test('remove-machines: stops a machine that runs when it may', async () => {
  let holder: string | null = 'process 12';
  const did: string[] = [];
  const entry = () => ({ name: 'bread', path: `${machines}/bread`, type: 'directory', holder });
  const services = {
    facts: { systemd: true, findProgram: async () => '/usr/bin/machinectl' },
    lock: async () => {},
    machines: {
      directory: machines,
      find: async () => entry(),
      list: async () => [entry()],
      removeRecord: async () => {},
    },
    files: {
      info: async () => null,
      publish: async () => void did.push('publish'),
      remove: async () => void did.push('remove'),
    },
    exec: async ({ args }: { args: readonly string[] }) => {
      did.push(args.join(' '));
      setTimeout(() => {
        holder = null;
      }, 150);
      return { exitCode: 0, stdout: '', stderr: '' };
    },
  };
  const input = { names: ['bread'], force: true, keepSettings: false };
  const context = { services, input, key: 'f'.repeat(64), signal: new AbortController().signal };
  expect(await removeMachines.run(context as never)).toEqual({ removed: ['bread'] });
  expect(did).toEqual(['terminate -- bread', 'publish', 'remove']);
});
