import { expect, test } from 'vitest';
import { setIdentity } from '../../../src/steps/set-identity.ts';
import { testStep, type World } from '../../../src/testing.ts';
import { base, machineId, staging } from './machine-fixture.ts';

const input = { staging, name: 'bread' };
const output = { machineId: '<random 1>', hostname: 'bread' };

testStep(
  setIdentity,
  {
    accepts: [
      {
        name: 'a base',
        input,
        prepare: (world) => world.put(base, staging),
        output,
        after: (world, given) => {
          expect(given.machineId).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/u);
          expect(world.read(`${staging}/etc/machine-id`)).toBe(`${given.machineId}\n`);
          expect(world.read(`${staging}/etc/hostname`)).toBe('bread\n');
          expect(world.read(`${staging}/etc/hosts`)).toMatch(/^127\.0\.1\.1\tbread$/mu);
          expect(world.has(`${staging}/var/lib/dbus`)).toBe(false);
        },
      },
      {
        name: 'dbus and ssh',
        input: { ...input, hostname: 'bread.example' },
        prepare: (world: World) =>
          world.put(
            {
              ...base,
              '/var/lib/dbus/machine-id': machineId,
              '/etc/ssh/ssh_host_rsa_key': 'k',
              '/etc/ssh/ssh_host_rsa_key.pub': 'k',
              '/etc/ssh/sshd_config': 'c',
            },
            staging,
          ),
        output: { ...output, hostname: 'bread.example' },
        after: (world) => {
          expect(world.listing().get(`${staging}/var/lib/dbus/machine-id`)).toBe('symlink to /etc/machine-id');
          expect([...world.listing().keys()].filter((path) => path.includes('/etc/ssh/'))).toEqual([
            `${staging}/etc/ssh/sshd_config`,
          ]);
        },
      },
      {
        name: 'a machine whose links lead to the host',
        input,
        prepare: (world) => world.put({ ...base, '/etc/hostname': { link: '/../../../../etc/hostname' } }, staging),
        output,
        after: (world) => {
          expect(world.has('/etc/hostname')).toBe(false);
          expect(world.read(`${staging}/etc/hostname`)).toBe('bread\n');
        },
      },
    ],
    refuses: [
      { name: 'a host name with a space', input: { ...input, hostname: 'a b' }, at: 'hostname' },
      { name: 'a name with an underscore', input: { ...input, name: 'a_b' }, at: 'name' },
    ],
    writes: [staging],
  },
  test,
);
