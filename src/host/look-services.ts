import { fail, type MachinespawnError } from '../errors/machinespawn-error.ts';
import { PassingMemory } from './memory.ts';
import type { Memory, RootFiles, StepServices } from './services.ts';

const refusal = (what: string): MachinespawnError =>
  fail('MSP_STEP_TYPE_INVALID', { step: 'check', problem: `a check may only look, and it wants to ${what}` });

const refuseNow = (what: string) => (): never => {
  throw refusal(what);
};

const refuse = (what: string) => (): Promise<never> => Promise.reject(refusal(what));

function lookOnlyRoot(root: RootFiles): RootFiles {
  return {
    path: root.path,
    resolve: async (path) => await root.resolve(path),
    readText: async (path) => await root.readText(path),
    readStart: async (path, bytes) => await root.readStart(path, bytes),
    info: async (path) => await root.info(path),
    list: async (directory) => await root.list(directory),
    writeText: refuse('write a file'),
    symlink: refuse('make a symlink'),
    remove: refuse('remove a file'),
    makeDirectory: refuse('make a directory'),
  };
}

function lookOnlyMemory({ memory, files, directories: { scratch } }: StepServices): Memory {
  const passing = new PassingMemory(memory, `${scratch}/memory`);
  return {
    recall: async (name) => await passing.recall(name),
    keep: async (name, data) => {
      await files.makeDirectory(scratch, { mode: 0o700 });
      return await passing.keep(name, data);
    },
  };
}

/** The same services, without all that changes something; only the scratch directory may be written to. */
export function lookOnly(services: StepServices): StepServices {
  const { archives, artifacts, files, machines, net, trees, keeper, pipelines } = services;
  const { scratch } = services.directories;
  return {
    ...services,
    files: {
      readText: async (path) => await files.readText(path),
      info: async (path) => await files.info(path),
      sha256: async (path) => await files.sha256(path),
      list: async (directory) => await files.list(directory),
      freeBytes: async (path) => await files.freeBytes(path),
      writeText: async (path, text, options) => {
        if (!path.startsWith(`${scratch}/`)) throw refusal('write a file');
        await files.makeDirectory(scratch, { mode: 0o700 });
        await files.writeText(path, text, options);
      },
      writeBytes: async (path, bytes) => {
        if (!path.startsWith(`${scratch}/`)) throw refusal('write a file');
        await files.makeDirectory(scratch, { mode: 0o700 });
        await files.writeBytes(path, bytes);
      },
      digest: async (path, onProgress) => await files.digest(path, onProgress),
      takeInput: refuse('read the standard input'),
      makeDirectory: refuse('make a directory'),
      publish: refuse('rename a file'),
      link: refuse('link a file'),
      remove: refuse('remove a file'),
    },
    memory: lookOnlyMemory(services),
    net: {
      fetch: async (url, options) => await net.fetch(url, options),
      exists: async (url, options) => await net.exists(url, options),
      peek: async (url, options) => await net.peek(url, options),
      probe: async (url, options) => await net.probe(url, options),
      download: refuse('download a file'),
    },
    archives: {
      recognize: async (start) => await archives.recognize(start),
      unpack: refuse('unpack an archive'),
      look: async (request) => await archives.look(request),
      follow: refuseNow('unpack an archive'),
      writeImage: refuse('write an image'),
    },
    machines: {
      directory: machines.directory,
      find: async (name) => await machines.find(name),
      list: async () => await machines.list(),
      readRecord: async (name) => await machines.readRecord(name),
      writeRecord: refuse('write a record'),
      removeRecord: refuse('remove a record'),
    },
    trees: {
      view: async (ref) => await trees.view(ref),
      change: refuse('change a tree'),
      ahead: refuse('make a tree'),
      materialize: refuse('copy a tree'),
    },
    debs: { unpack: refuse('unpack packages'), write: refuse('write files') },
    artifacts: {
      open: async (ref) => await artifacts.open(ref),
      create: refuse('make a file'),
      keep: refuse('keep a file'),
    },
    keeper: { items: async () => await keeper.items(), remove: refuse('clean the cache') },
    root: (path) => lookOnlyRoot(services.root(path)),
    exec: async (command) => {
      if (command.reads !== true) throw refusal(`run ${command.file}`);
      return await services.exec(command);
    },
    pipelines: {
      run: refuse('run a pipeline'),
      foresee: async (name, inputs, options) => await pipelines.foresee(name, inputs, options),
    },
    execOnTerminal: refuse('take the terminal'),
    lock: refuse('take a lock'),
  };
}
