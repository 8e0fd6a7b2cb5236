import { fail, type MachinespawnError } from '../errors/machinespawn-error.ts';
import type { RootFiles, StepServices } from './services.ts';

const refusal = (what: string): MachinespawnError =>
  fail('MSP_STEP_TYPE_INVALID', { step: 'check', problem: `a check may only look, and it wants to ${what}` });

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

/** The same services, without all that changes something; only the scratch directory may be written to. */
export function lookOnly(services: StepServices): StepServices {
  const { files, machines, trees, artifacts, keeper } = services;
  const { scratch } = services.directories;
  return {
    ...services,
    files: {
      readText: async (path) => await files.readText(path),
      info: async (path) => await files.info(path),
      list: async (directory) => await files.list(directory),
      freeBytes: async (path) => await files.freeBytes(path),
      writeText: async (path, text, options) => {
        if (!path.startsWith(`${scratch}/`)) throw refusal('write a file');
        await files.makeDirectory(scratch, { mode: 0o700 });
        await files.writeText(path, text, options);
      },
      makeDirectory: refuse('make a directory'),
      publish: refuse('rename a file'),
      remove: refuse('remove a file'),
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
      materialize: refuse('copy a tree'),
    },
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
    pipelines: { run: refuse('run a pipeline') },
    execOnTerminal: refuse('take the terminal'),
    lock: refuse('take a lock'),
  };
}
