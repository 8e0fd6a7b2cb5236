import { expect, test } from 'vitest';
import { listMachines } from '../../../src/steps/list-machines.ts';
import { fakeHost, prints, testStep } from '../../../src/testing.ts';
import { machineId, machines, record, whole } from './machine-fixture.ts';

const os = { id: 'debian', versionId: '12', codename: 'bookworm', prettyName: 'Debian GNU/Linux 12 (bookworm)' };
const plain = {
  state: 'stopped',
  type: 'directory',
  os: null,
  arch: null,
  readOnly: false,
  enabled: false,
  sizeBytes: null,
  createdAt: null,
  machineId: null,
  settingsFile: null,
  origin: null,
} as const;

testStep(
  listMachines,
  {
    accepts: [
      { name: 'no machine', input: {}, output: { machines: [] } },
      {
        name: 'machines of all kinds',
        input: {},
        host: fakeHost({ holders: { bread: 'process 12' } }),
        prepare: (world) => {
          world.put(whole, `${machines}/bread`);
          world.put({
            [`${machines}/attic/etc/x`]: '',
            [`${machines}/disk.raw`]: 'x',
            [`${machines}/.#machinespawn-toast-00000000/etc/x`]: '',
            [record]:
              '{"kind":"bootstrap","image":"debian-12","runId":"r1","verification":"v","createdAt":"2026-11-22T12:00:00.000Z","sizeBytes":5}',
            '/etc/systemd/nspawn/bread.nspawn': '',
            '/etc/systemd/system/machines.target.wants/systemd-nspawn@bread.service': { link: 'x' },
          });
        },
        output: {
          machines: [
            { ...plain, name: 'attic', state: 'broken', path: `${machines}/attic` },
            {
              name: 'bread',
              state: 'running',
              type: 'directory',
              os,
              arch: 'amd64',
              readOnly: false,
              enabled: true,
              path: `${machines}/bread`,
              sizeBytes: 5,
              createdAt: '2026-11-22T12:00:00.000Z',
              machineId,
              settingsFile: '/etc/systemd/nspawn/bread.nspawn',
              origin: { kind: 'bootstrap', image: 'debian-12', runId: 'r1', verification: 'v' },
            },
            { ...plain, name: 'disk', type: 'raw', path: `${machines}/disk.raw` },
          ],
        },
        after: (world) => expect(world.commands).toEqual([]),
      },
      {
        name: 'their sizes',
        input: { size: true },
        host: fakeHost({ programs: { du: prints('4096\tx') } }),
        prepare: (world) => world.put(whole, `${machines}/bread`),
        output: {
          machines: [
            { ...plain, name: 'bread', os, arch: 'amd64', machineId, path: `${machines}/bread`, sizeBytes: 4096 },
          ],
        },
      },
    ],
    refuses: [{ name: 'a word', input: { size: 'yes' }, at: 'size' }],
  },
  test,
);
