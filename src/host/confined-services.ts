import { dirname, resolve } from 'node:path';
import { fail, type MachinespawnError } from '../errors/machinespawn-error.ts';
import type { Files, RootFiles, StepServices } from './services.ts';

const nspawnRuntime = '/run/systemd/nspawn';

/**
 * The same services for a step of a plugin: it changes its own tree, its scratch directory and its artifacts, and nothing
 * else of this host; programs see the rest of the disk read-only. A guard against mistakes, not against malice: a plugin
 * is code that runs as root. Throws MSP_STEP_TRESPASS.
 */
export function confinedServices(services: StepServices, step: string): StepServices {
  const trespass = (problem: string): MachinespawnError => fail('MSP_STEP_TRESPASS', { step, problem });
  const own = new Set([services.directories.scratch]);
  // systemd-nspawn puts its lock beside the tree, where nothing but this step's own work is.
  const besideTree = new Set<string>();
  const isOwn = (path: string): boolean => [...own].some((place) => isBelow(resolve(path), place));
  const guard = (path: string): void => {
    if (!isOwn(path)) throw trespass(`write ${path}`);
  };
  const { files, trees, artifacts, machines } = services;
  return {
    ...services,
    files: guardedFiles(files, guard),
    trees: {
      change: async (parent, options) => {
        const tree = await trees.change(parent, options);
        own.add(tree.path);
        besideTree.add(dirname(tree.path));
        return tree;
      },
      view: async (ref) => {
        const view = await trees.view(ref);
        return { path: view.path, root: guardedRoot(view.root, guard) };
      },
      materialize: async (ref, directory) => {
        guard(directory);
        return await trees.materialize(ref, directory);
      },
    },
    artifacts: {
      open: async (ref) => await artifacts.open(ref),
      create: async (name) => {
        const path = await artifacts.create(name);
        own.add(dirname(path));
        return path;
      },
      keep: async (path) => {
        guard(path);
        return await artifacts.keep(path);
      },
    },
    pipelines: { run: () => Promise.reject(trespass('run a pipeline')) },
    keeper: {
      items: async () => await services.keeper.items(),
      remove: () => Promise.reject(trespass('clean the cache')),
    },
    machines: {
      directory: machines.directory,
      find: async (name) => await machines.find(name),
      list: async () => await machines.list(),
      readRecord: async (name) => await machines.readRecord(name),
      writeRecord: () => Promise.reject(trespass('write records of machines')),
      removeRecord: () => Promise.reject(trespass('remove records of machines')),
    },
    root: (path) => guardedRoot(services.root(path), guard),
    exec: async (command) =>
      await services.exec({
        ...command,
        sandbox: true,
        writable: [...own, ...besideTree],
        ...(command.file === 'systemd-nspawn' ? { memory: [nspawnRuntime, ...(command.memory ?? [])] } : {}),
      }),
    execOnTerminal: () => Promise.reject(trespass('take the terminal')),
  };
}

function isBelow(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

function guardedFiles(files: Files, guard: (path: string) => void): Files {
  return {
    readText: async (path) => await files.readText(path),
    info: async (path) => await files.info(path),
    list: async (directory) => await files.list(directory),
    freeBytes: async (path) => await files.freeBytes(path),
    writeText: async (path, text, options) => {
      guard(path);
      return await files.writeText(path, text, options);
    },
    makeDirectory: async (path, options) => {
      guard(path);
      return await files.makeDirectory(path, options);
    },
    publish: async (from, to) => {
      guard(from);
      guard(to);
      return await files.publish(from, to);
    },
    remove: async (path) => {
      guard(path);
      return await files.remove(path);
    },
  };
}

function guardedRoot(root: RootFiles, guard: (path: string) => void): RootFiles {
  const { path } = root;
  return {
    path,
    resolve: async (inner) => await root.resolve(inner),
    readText: async (inner) => await root.readText(inner),
    readStart: async (inner, bytes) => await root.readStart(inner, bytes),
    info: async (inner) => await root.info(inner),
    list: async (directory) => await root.list(directory),
    writeText: async (inner, text, options) => {
      guard(path);
      return await root.writeText(inner, text, options);
    },
    symlink: async (inner, target) => {
      guard(path);
      return await root.symlink(inner, target);
    },
    remove: async (inner) => {
      guard(path);
      return await root.remove(inner);
    },
    makeDirectory: async (inner, options) => {
      guard(path);
      return await root.makeDirectory(inner, options);
    },
  };
}
