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
  const { archives, artifacts, debs, files, machines, memory, net, trees } = services;
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
      ahead: async () => {
        const tree = await trees.ahead();
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
    net: {
      fetch: async (url, options) => await net.fetch(url, options),
      exists: async (url, options) => await net.exists(url, options),
      peek: async (url, options) => await net.peek(url, options),
      probe: async (url, options) => await net.probe(url, options),
      download: async (url, { path, partial, ...options }) => {
        const target = (sha256: string): string => {
          const place = typeof path === 'string' ? path : path(sha256);
          guard(place);
          return place;
        };
        const half = partial ?? (typeof path === 'string' ? `${path}.partial` : '');
        guard(half);
        if (typeof path === 'string') guard(path);
        return await net.download(url, { ...options, path: target, partial: half });
      },
    },
    memory: {
      recall: async (name) => await memory.recall(name),
      keep: () => Promise.reject(trespass('write to the cache')),
    },
    archives: {
      recognize: async (start) => await archives.recognize(start),
      unpack: async (request) => {
        guard(request.to);
        return await archives.unpack(request);
      },
      look: async (request) => await archives.look(request),
      follow: (request) => {
        guard(request.to);
        return archives.follow(request);
      },
      writeImage: async (request) => {
        guard(request.directory);
        return await archives.writeImage(request);
      },
    },
    debs: {
      unpack: async (packages, tree, options) => {
        guard(tree);
        return await debs.unpack(packages, tree, options);
      },
      write: async (ours, tree) => {
        guard(tree);
        return await debs.write(ours, tree);
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
    pipelines: {
      run: () => Promise.reject(trespass('run a pipeline')),
      foresee: () => Promise.reject(trespass('look into a pipeline')),
    },
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
    sha256: async (path) => await files.sha256(path),
    digest: async (path, onProgress) => await files.digest(path, onProgress),
    takeInput: async ({ path, partial, ...options }) => {
      guard(partial);
      return await files.takeInput({
        ...options,
        partial,
        path: (sha256) => {
          guard(path(sha256));
          return path(sha256);
        },
      });
    },
    writeBytes: async (path, bytes) => {
      guard(path);
      return await files.writeBytes(path, bytes);
    },
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
    link: async (from, to) => {
      guard(from);
      guard(to);
      return await files.link(from, to);
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
