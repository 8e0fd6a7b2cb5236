import { chmodSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { registerMachine } from '../../../src/steps/register-machine.ts';
import { fakeHost, prints, testStep, type Program, type World } from '../../../src/testing.ts';
import { machineId, machines, record, staging, whole } from './machine-fixture.ts';

const path = `${machines}/bread`;
const input = {
  staging,
  name: 'bread',
  image: 'debian-12',
  arch: 'amd64',
  machineId,
  verification: 'archive-signature:4D64',
  sizeBytes: 1000,
} as const;
const output = { path, name: 'bread' };
const makesReadOnly: Program = function* makesReadOnly({ args, world }) {
  yield;
  chmodSync(world.real(args[1] ?? ''), 0o444);
};
const host = fakeHost({ programs: { sync: prints(), chattr: prints(), chmod: makesReadOnly } });
const prepared = (world: World): void => world.put(whole, staging);
const taken = (world: World): void => {
  prepared(world);
  world.put({ [`${path}/etc/old`]: 'old', [record]: '{"runId":"20260101-000000-aaaa"}' });
};
const isNew = (world: World): void => {
  expect(world.read(`${path}/etc/hostname`)).toBe('bread\n');
  expect(world.has(`${path}/etc/old`)).toBe(false);
  expect([...world.listing().keys()].filter((name) => name.startsWith(`${machines}/.#`))).toEqual([]);
  expect(JSON.parse(world.read(record) ?? '')).toMatchObject({
    image: 'debian-12',
    arch: 'amd64',
    runId: '20261122-120000-test',
    createdAt: '2026-11-22T12:00:00.000Z',
    sizeBytes: 1000,
    files: [],
  });
};
const isSynced = (world: World): void => {
  isNew(world);
  expect(world.commands.map(({ file, args }) => [file, ...args])).toEqual([['sync', '-f', staging]]);
};
const isUntouched = (world: World): void => {
  expect(world.read(`${path}/etc/old`)).toBe('old');
  expect(world.read(record)).toMatch(/aaaa/u);
};

testStep(
  registerMachine,
  {
    accepts: [
      { name: 'a machine', input, host, prepare: prepared, output, after: isSynced },
      {
        name: 'a machine in place of another',
        host,
        input: { ...input, replace: true },
        prepare: taken,
        output,
        after: isNew,
      },
      {
        name: 'a machine in place of a disk image',
        host,
        input: { ...input, replace: true },
        prepare: (world) => {
          prepared(world);
          world.put({ [`${path}.raw`]: 'disk' });
        },
        output,
        after: isNew,
      },
      {
        name: 'a pulled machine that keeps its own identity',
        host,
        input: { ...input, kind: 'pull-tar', machineId: null, arch: null, readOnly: true, sha256: 'a'.repeat(64) },
        prepare: prepared,
        output,
        after: (world) => {
          expect(JSON.parse(world.read(record) ?? '')).toMatchObject({
            ...{ kind: 'pull-tar', machineId: null, arch: null, readOnly: true, sha256: 'a'.repeat(64) },
          });
          expect(world.commands.map(({ file, args }) => [file, ...args])).toContainEqual(['chattr', '-f', '+i', path]);
        },
      },
      {
        name: 'a disk image that is read-only',
        host,
        input: { ...input, kind: 'pull-raw', type: 'raw', machineId: null, arch: null, readOnly: true },
        prepare: (world) => world.put({ [staging]: 'disk' }),
        output: { path: `${path}.raw`, name: 'bread' },
        after: (world) => expect(statSync(world.real(`${path}.raw`)).mode & 0o222).toBe(0),
      },
      {
        name: 'a disk image in place of a machine',
        host,
        input: { ...input, kind: 'pull-raw', type: 'raw', machineId: null, arch: null, replace: true },
        prepare: (world) => {
          taken(world);
          world.remove(staging);
          world.put({ [staging]: 'disk' });
        },
        output: { path: `${path}.raw`, name: 'bread' },
        after: (world) => {
          expect(world.read(`${path}.raw`)).toBe('disk');
          expect(world.has(path)).toBe(false);
        },
      },
    ],
    refuses: [{ name: 'a name that leads out of the directory', input: { ...input, name: '../x' }, at: 'name' }],
    fails: [
      { name: 'the name is taken', input, prepare: taken, code: 'MSP_MACHINE_EXISTS', after: isUntouched },
      {
        name: 'the machine to replace runs',
        input: { ...input, replace: true },
        prepare: taken,
        host: { holders: { bread: 'process 12' } },
        code: 'MSP_MACHINE_RUNNING',
        after: isUntouched,
      },
      { name: 'what was prepared is gone', input, code: 'MSP_MACHINE_BROKEN' },
      {
        name: 'what was prepared is gone, and the name is taken',
        input,
        prepare: (world) =>
          world.put({ ...Object.fromEntries(Object.entries(whole).map(([name, spec]) => [`${path}${name}`, spec])) }),
        code: 'MSP_MACHINE_BROKEN',
      },
    ],
    writes: [
      `${machines}/bread`,
      `${machines}/bread.raw`,
      staging,
      `${machines}/.#machinespawn-removed-bread*`,
      '/var/lib/machinespawn/machines',
    ],
  },
  test,
);
