import { expect, test } from 'vitest';
import { materializeMachine } from '../../../src/steps/materialize-machine.ts';
import { fakeHost, testStep, type World } from '../../../src/testing.ts';
import { base, machines, record, staging } from './machine-fixture.ts';

const input = (world: World) => ({ tree: world.tree(base), name: 'bread' });
const bootId = '0f7c2b0a-8d0e-4a57-9b3c-2c8a5b1d9e10';
const host = fakeHost({ bootId });
const output = { staging: `${machines}/.#machinespawn-bread-<random 1>`, bootId };
const copied = (world: World, { staging: path }: { staging: string }): void =>
  expect(world.read(`${path}/usr/lib/os-release`)).toMatch(/bookworm/u);

testStep(
  materializeMachine,
  {
    accepts: [
      { name: 'a tree', input, host, output, after: copied },
      {
        name: 'the left-overs of an earlier attempt, and of other machines',
        input,
        host,
        prepare: (world) =>
          world.put({
            [`${machines}/.#machinespawn-bread-00000000/etc/x`]: '',
            [`${machines}/.#machinespawn-bread-toast-00000000/etc/x`]: '',
            [`${machines}/.#machinespawn-removed-bread-00000000/etc/x`]: '',
          }),
        output,
        after: (world, given) => {
          copied(world, given);
          expect(world.has(`${machines}/.#machinespawn-bread-00000000`)).toBe(false);
          expect(world.has(`${machines}/.#machinespawn-bread-toast-00000000`)).toBe(true);
          expect(world.has(`${machines}/.#machinespawn-removed-bread-00000000`)).toBe(true);
        },
      },
    ],
    refuses: [{ name: 'a name that leads out of the directory', input: { tree: 'x', name: '../bread' }, at: 'name' }],
    fails: [
      { name: 'a tree that is gone', input: { tree: 'f'.repeat(64), name: 'bread' }, code: 'MSP_SNAPSHOT_MISSING' },
      {
        name: 'another run prepares a machine of this name',
        input,
        prepare: (world) => world.put({ [`${machines}/.#machinespawn-bread-00000000/etc/x`]: 'of the other run' }),
        host: fakeHost({ bootId, busyLocks: ['making-bread'] }),
        code: 'MSP_LOCK_BUSY',
        after: (world) => expect(world.has(`${machines}/.#machinespawn-bread-00000000/etc/x`)).toBe(true),
      },
    ],
    writes: [`${machines}/.#machinespawn-bread-*`],
  },
  test,
);

test('materialize-machine: its copy is still there once it is the machine, and gone otherwise', async () => {
  const services = (machine: boolean, published: string, isThere: boolean) => ({
    facts: { bootId },
    files: { info: async () => (isThere ? {} : null) },
    machines: { readRecord: async () => ({ staging: published }), find: async () => (machine ? {} : null) },
  });
  const check = async (machine: boolean, published: string, isThere = false, copiedIn = bootId) =>
    await materializeMachine.check?.({
      input: { name: 'bread' },
      output: { staging, bootId: copiedIn },
      services: services(machine, published, isThere),
    } as never);
  expect(record).toMatch(/bread/u);
  expect(await check(false, 'another', true)).toBe(true);
  expect(await check(false, 'another', true, 'another boot')).toBe(false);
  expect(await check(true, staging)).toBe(true);
  expect(await check(true, 'another')).toBe(false);
  expect(await check(false, staging)).toBe(false);
});
