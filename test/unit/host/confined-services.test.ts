import { expect, it } from 'vitest';
import { confinedServices } from '../../../src/host/confined-services.ts';
import type { Command, StepServices } from '../../../src/host/services.ts';

/** As the real services are: methods of a class, which a copy of the fields would lose. */
function instance<T extends object>(methods: T): T {
  return Object.create(methods) as T;
}

/** Services that do nothing and remember what they were asked. */
function recorder() {
  const asked: string[] = [];
  const commands: Command[] = [];
  const note =
    (name: string, answer?: unknown) =>
    (...args: readonly unknown[]) => {
      asked.push(`${name} ${args.filter((arg) => typeof arg === 'string').join(' ')}`.trim());
      return Promise.resolve(answer);
    };
  const rootOf = (path: string) => ({
    path,
    ...Object.fromEntries(
      ['resolve', 'readText', 'readStart', 'info', 'list', 'writeText', 'symlink', 'remove', 'makeDirectory'].map(
        (name) => [name, note(`root.${name}`)],
      ),
    ),
  });
  const services = {
    directories: { cache: '/c', packages: '/c/p', state: '/s', scratch: '/s/scratch' },
    files: Object.fromEntries(
      ['readText', 'info', 'list', 'freeBytes', 'writeText', 'makeDirectory', 'publish', 'remove'].map((name) => [
        name,
        note(name),
      ]),
    ),
    trees: instance({
      change: note('change', { path: '/c/pending/x/tree', ref: 'r', root: rootOf('/c/pending/x/tree') }),
      view: note('view', { path: '/c/v', root: rootOf('/c/v') }),
      materialize: note('materialize'),
    }),
    artifacts: instance({
      create: note('create', '/c/artifacts/pending/x/live.iso'),
      keep: note('keep'),
      open: note('open'),
    }),
    keeper: { items: note('items', []), remove: note('clean') },
    machines: {
      directory: '/m',
      find: note('find'),
      list: note('list', []),
      readRecord: note('readRecord'),
      writeRecord: note('writeRecord'),
      removeRecord: note('removeRecord'),
    },
    root: rootOf,
    exec: (command: Command) => {
      commands.push(command);
      return Promise.resolve({ exitCode: 0, stdout: '', stderr: '' });
    },
    execOnTerminal: note('terminal'),
  } as unknown as StepServices;
  return { asked, commands, services: confinedServices(services, 'paint/greet') };
}

const trespass = expect.objectContaining({ code: 'MSP_STEP_TRESPASS' });

it('lets a step write into its scratch, its tree and its artifacts', async () => {
  const { asked, services } = recorder();
  await services.files.writeText('/s/scratch/a', 'x');
  const tree = await services.trees.change('r');
  await tree.root.writeText('/etc/motd', 'x');
  await services.files.remove('/c/pending/x/tree/a');
  const path = await services.artifacts.create('live.iso');
  await services.files.publish('/s/scratch/b', path);
  await services.artifacts.keep(path);
  expect(asked.filter((text) => /write|remove|publish|keep/u.test(text)).length).toBe(5);
});

it('refuses all else, before anything happens', async () => {
  const { asked, services } = recorder();
  const { files } = services;
  await expect(files.writeText('/s/scratch/../runs/journal', 'x')).rejects.toEqual(trespass);
  await expect(files.writeText('/s/scratched', 'x')).rejects.toEqual(trespass);
  await expect(files.remove('/c/snapshots')).rejects.toEqual(trespass);
  await expect(files.publish('/s/scratch/a', '/m/bread')).rejects.toEqual(trespass);
  await expect(files.publish('/m/bread', '/s/scratch/a')).rejects.toEqual(trespass);
  await expect(files.makeDirectory('/etc/x')).rejects.toEqual(trespass);
  const view = await services.trees.view('r');
  for (const change of [
    view.root.writeText('/etc/motd', 'x'),
    view.root.symlink('/etc/motd', 'x'),
    view.root.remove('/etc/motd'),
    services.root('/m/bread').makeDirectory('/x'),
  ])
    await expect(change).rejects.toEqual(trespass);
  await expect(services.trees.materialize('r', '/m/bread')).rejects.toEqual(trespass);
  await expect(services.artifacts.keep('/etc/passwd')).rejects.toEqual(trespass);
  await expect(services.keeper.remove([])).rejects.toEqual(trespass);
  await expect(services.machines.writeRecord('bread', {})).rejects.toEqual(trespass);
  await expect(services.machines.removeRecord('bread')).rejects.toEqual(trespass);
  const listener = { anew: false, progress: () => {}, log: { info: () => {}, warn: () => {}, output: () => {} } };
  await expect(services.pipelines.run('base', {}, listener)).rejects.toEqual(trespass);
  await expect(services.pipelines.foresee('base', {}, { anew: false })).rejects.toEqual(trespass);
  await expect(services.execOnTerminal({ file: 'sh', args: [] })).rejects.toEqual(trespass);
  expect(asked).toEqual(['view r']);
});

it('lets it read everything', async () => {
  const { asked, services } = recorder();
  await services.files.readText('/etc/passwd');
  await services.root('/m/bread').readText('/etc/os-release');
  await services.machines.list();
  await services.artifacts.open('artifact:x');
  expect(asked).toEqual(['readText /etc/passwd', 'root.readText /etc/os-release', 'list', 'open artifact:x']);
});

it('starts programs in a sandbox of which only its own places can be written to', async () => {
  const { commands, services } = recorder();
  await services.exec({ file: 'cat', args: [], sandbox: false });
  await services.trees.change(null);
  await services.exec({ file: 'systemd-nspawn', args: [], memory: ['/x'] });
  expect(commands).toMatchObject([
    { sandbox: true, writable: ['/s/scratch'] },
    { writable: ['/s/scratch', '/c/pending/x/tree', '/c/pending/x'], memory: ['/run/systemd/nspawn', '/x'] },
  ]);
});
