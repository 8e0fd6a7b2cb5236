/** StepServices that work on a World instead of the computer. */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { fail } from '../errors/machinespawn-error.ts';
import type { Net, StepServices } from '../host/services.ts';
import { emulatorOf } from '../model/arch.ts';
import { unreachable, type FakeHost } from './fake-host.ts';
import type { Moments } from './moments.ts';
import { pretendArtifacts } from './pretended-artifacts.ts';
import { pretendPrograms } from './pretended-exec.ts';
import { pretendFiles, pretendRootFiles } from './pretended-files.ts';
import { pretendKeeper } from './pretended-keeper.ts';
import { pretendMachines } from './pretended-machines.ts';
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
      findProgram: (name) =>
        moments.call(`findProgram(${name})`, 'reads', () =>
          Object.hasOwn(host.programs ?? {}, name) ? `/usr/bin/${name}` : null,
        ),
      env: (name) => host.env?.[name],
      canRun: (arch) =>
        moments.call(`canRun(${arch})`, 'reads', () => {
          if (arch === (host.arch ?? 'amd64')) return { runs: 'native', problem: null };
          const runs = host.runs?.[arch] ?? 'no';
          return { runs, problem: runs === 'no' ? `no binfmt_misc entry '${emulatorOf[arch]}'` : null };
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
    pipelines: {
      run: (name, inputs) =>
        moments.call(`run(${name})`, 'writes', () => {
          const outputs = Object.hasOwn(host.pipelines ?? {}, name) ? host.pipelines?.[name] : undefined;
          if (outputs === undefined) throw fail('MSP_PIPELINE_NOT_FOUND', { name });
          return outputs(inputs, world);
        }),
    },
    keeper: pretendKeeper(world, moments, host),
    files: pretendFiles(world, moments, host.freeBytes ?? 100 * 2 ** 30),
    net: pretendNet(moments, host),
    trees,
    artifacts: pretendArtifacts(world, moments),
    machines: pretendMachines(world, moments, host),
    directories: { cache, packages, state, scratch },
    root: (path) => pretendRootFiles(world, moments, path),
    ...pretendPrograms(world, moments, host),
    lock: (name) => moments.call(`lock(${name})`, 'reads', () => void world.locks.push(name)),
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

function pretendNet(moments: Moments, host: FakeHost): Net {
  const answerOf = (url: string) => host.net?.[url] ?? 404;
  return {
    fetch: (url) =>
      moments.call(`fetch(${url})`, 'reads', () => {
        const answer = answerOf(url);
        if (answer === 404) return null;
        if (answer === unreachable) throw fail('MSP_NETWORK', { url, problem: 'connection refused' });
        if (typeof answer === 'number') throw fail('MSP_HTTP_STATUS', { url, status: answer });
        return { body: Buffer.from(answer), url };
      }),
    probe: (url) =>
      moments.call(`probe(${url})`, 'reads', () => {
        const answer = answerOf(url);
        if (answer === unreachable) return null;
        const status = typeof answer === 'number' ? answer : 200;
        return { status, headers: {}, body: typeof answer === 'number' ? '' : answer.toString() };
      }),
  };
}
