import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MachineEntry, Machines } from '../host/services.ts';
import type { FakeHost } from './fake-host.ts';
import type { Moments } from './moments.ts';
import { directories, type World } from './world.ts';

export function pretendMachines(world: World, moments: Moments, host: FakeHost): Machines {
  const list = (): MachineEntry[] =>
    readdirSync(world.real(directories.machines), { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith('.') && (entry.isDirectory() || entry.name.endsWith('.raw')))
      .map((entry) => {
        const name = entry.isDirectory() ? entry.name : entry.name.slice(0, -'.raw'.length);
        const holder = host.holders?.[name] ?? null;
        return {
          name,
          path: `${directories.machines}/${entry.name}`,
          type: entry.isDirectory() ? ('directory' as const) : ('raw' as const),
          holder,
          readOnly: (statSync(join(world.real(directories.machines), entry.name)).mode & 0o222) === 0,
        };
      })
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const recordPath = (name: string): string => `${directories.state}/machines/${name}.json`;
  return {
    directory: directories.machines,
    find: (name) => moments.call(`find(${name})`, 'reads', () => list().find((entry) => entry.name === name) ?? null),
    list: () => moments.call('list machines', 'reads', list),
    readRecord: (name) =>
      moments.call(`readRecord(${name})`, 'reads', () => {
        const text = world.read(recordPath(name));
        return text === null ? null : (JSON.parse(text) as Readonly<Record<string, unknown>>);
      }),
    writeRecord: (name, record) =>
      moments.call(`writeRecord(${name})`, 'writes', () => {
        const real = join(world.root, recordPath(name));
        mkdirSync(dirname(real), { recursive: true });
        writeFileSync(real, JSON.stringify(record));
      }),
    removeRecord: (name) =>
      moments.call(`removeRecord(${name})`, 'writes', () =>
        rmSync(join(world.root, recordPath(name)), { force: true }),
      ),
  };
}
