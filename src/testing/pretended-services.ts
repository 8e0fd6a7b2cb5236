/** StepServices that work on a World instead of the computer. */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { fail } from '../errors/machinespawn-error.ts';
import type { StepServices } from '../host/services.ts';
import { emulatorOf } from '../model/arch.ts';
import type { FakeHost } from './fake-host.ts';
import type { Moments } from './moments.ts';
import { pretendArchives } from './pretended-archives.ts';
import { pretendDebs } from './pretended-debs.ts';
import { pretendArtifacts } from './pretended-artifacts.ts';
import { pretendPrograms } from './pretended-exec.ts';
import { pretendFiles, pretendMemory, pretendRootFiles } from './pretended-files.ts';
import { pretendKeeper } from './pretended-keeper.ts';
import { pretendMachines } from './pretended-machines.ts';
import { pretendNet } from './pretended-net.ts';
import { pretendProxies } from './pretended-proxies.ts';
import { pretendTrees } from './pretended-trees.ts';
import { removeTree } from './tree-files.ts';
import { directories, type World } from './world.ts';

export interface PretendedBench {
  readonly services: StepServices;
  /** What `randomHex` gave, in order. */
  readonly random: readonly string[];
  readonly commit: () => void;
}

/** Opens one attempt's place of work: scratch is empty, and no half tree of an earlier attempt is left. */
export function openBench(
  world: World,
  moments: Moments,
  host: FakeHost,
  key: string,
  attempt: number,
): PretendedBench {
  clear(world);
  const random: string[] = [];
  const { trees, commit } = pretendTrees(world, moments, key);
  const { cache, packages, state, scratch } = directories;
  const services: StepServices = {
    facts: {
      arch: host.arch ?? 'amd64',
      uid: host.uid ?? 0,
      systemd: host.systemd ?? false,
      bootId: host.bootId ?? '5d1c9c0e-3f0b-4c4f-8a53-6f1f2a6a7c11',
      findProgram: (name) =>
        moments.call(`findProgram(${name})`, 'reads', () =>
          Object.hasOwn(host.programs ?? {}, name) ? `/usr/bin/${name}` : null,
        ),
      env: (name) => host.env?.[name],
      canRun: (arch) =>
        moments.call(`canRun(${arch})`, 'reads', () => {
          if (arch === (host.arch ?? 'amd64')) return { runs: 'native', problem: null };
          const runs = host.runs?.[arch] ?? 'no';
          const emulatorToBind = host.emulatorsToBind?.[arch];
          return {
            runs,
            problem: runs === 'no' ? `no binfmt_misc entry '${emulatorOf[arch]}'` : null,
            ...(emulatorToBind !== undefined && { emulatorToBind }),
          };
        }),
      nowMs: () => Date.parse(host.now ?? '2026-11-22T12:00:00Z'),
      randomHex: (bytes) => {
        // In the form of a UUID, so that what makes one of it leaves it as it is.
        const digits = createHash('sha512').update(`${attempt}.${random.length}`).digest('hex');
        const hex = `${digits.slice(0, 12)}4${digits.slice(13, 16)}8${digits.slice(17)}`.slice(0, 2 * bytes);
        random.push(hex);
        return hex;
      },
    },
    debs: pretendDebs(world, moments),
    pipelines: {
      foresee: (name) =>
        moments.call(`foresee(${name})`, 'reads', () => ({
          cache: 'unknown',
          why: 'nothing is kept here',
          outputs: null,
        })),
      run: (name, inputs) =>
        moments.call(`run(${name})`, 'writes', () => {
          const outputs = Object.hasOwn(host.pipelines ?? {}, name) ? host.pipelines?.[name] : undefined;
          if (outputs === undefined) throw fail('MSP_PIPELINE_NOT_FOUND', { name });
          return outputs(inputs, world);
        }),
    },
    keeper: pretendKeeper(world, moments, host),
    files: pretendFiles(world, moments, host),
    net: pretendNet(world, moments, host),
    memory: pretendMemory(world, moments),
    proxies: pretendProxies(moments, host),
    archives: pretendArchives(world, moments),
    trees,
    artifacts: pretendArtifacts(world, moments),
    machines: pretendMachines(world, moments, host),
    directories: { cache, packages, state, scratch },
    root: (path) => pretendRootFiles(world, moments, path),
    ...pretendPrograms(world, moments, host),
    lock: (name) => moments.call(`lock(${name})`, 'reads', () => void world.locks.push(name)),
    lockForRun: (name) =>
      moments.call(`lockForRun(${name})`, 'reads', () =>
        host.busyLocks?.includes(name) === true ? { isTaken: false, holder: 'process 1' } : { isTaken: true },
      ),
  };
  return { services, random, commit };
}

/** Throws away what an attempt left that is no result. */
export function clear(world: World): void {
  for (const directory of [directories.scratch, directories.work]) {
    removeTree(world.real(directory));
    mkdirSync(world.real(directory), { recursive: true });
  }
}
