import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Arch, emulatorOf, mayRunNatively } from '../model/arch.ts';
import { interpreterOf } from '../model/elf.ts';
import { cleanEnvironment } from './clean-environment.ts';
import { errnoCode, problemOf, unwritable } from './file-error.ts';
import { tinyElf } from './tiny-elf.ts';

/** An entry of the kernel's table of emulators. */
export interface BinfmtEntry {
  readonly isEnabled: boolean;
  readonly interpreter: string;
  /** Letters, such as "PF". */
  readonly flags: string;
}

export interface EmulationReport {
  readonly runs: 'native' | 'qemu' | 'no';
  /** Why not; null when it runs. */
  readonly problem: string | null;
  /** Path of the emulator where the kernel looks for it inside a tree, so that it has to be bound there. */
  readonly emulatorToBind?: string;
  /** Do programs get only the caller's rights, whatever their setuid bits say? */
  readonly ignoresSetuid?: true;
}

/** Reads a file of /proc/sys/fs/binfmt_misc. */
function parseBinfmt(text: string): BinfmtEntry {
  return {
    isEnabled: /^enabled$/mu.test(text),
    interpreter: /^interpreter (.*)$/mu.exec(text)?.[1] ?? '',
    flags: /^flags: ?(.*)$/mu.exec(text)?.[1] ?? '',
  };
}

async function readEntry(arch: Arch, directory: string): Promise<BinfmtEntry | null> {
  const text = await readFile(join(directory, emulatorOf[arch]), 'utf8').catch(() => null);
  return text === null ? null : parseBinfmt(text);
}

/** Null when the program ran; the reason otherwise. */
async function tryProgram(arch: Arch, scratch: string): Promise<string | null> {
  const made = await mkdir(scratch, { recursive: true });
  const directory = await mkdtemp(join(scratch, '.#machinespawn-'));
  try {
    const program = join(directory, arch);
    await writeFile(program, tinyElf(arch));
    await chmod(program, 0o755);
    for (let trial = 1; ; trial += 1) {
      const { error, status, signal } = spawnSync(program, {
        stdio: 'ignore',
        env: cleanEnvironment(),
        timeout: 10_000,
      });
      // A program that is being started elsewhere may hold the file open for writing for a moment.
      if (errnoCode(error) === 'ETXTBSY' && trial < 10) continue;
      if (error !== undefined) return problemOf(error);
      return status === 0 ? null : `a trial program ended with ${signal ?? status}`;
    }
  } catch (error) {
    throw unwritable(scratch, error);
  } finally {
    await rm(directory, { recursive: true, force: true });
    if (made !== undefined) await removeEmpty(scratch, made);
  }
}

/** From `path` up to `top`, as far as nobody else has put something there: a dry run leaves nothing. */
async function removeEmpty(path: string, top: string): Promise<void> {
  for (let place = path; place.startsWith(top); place = dirname(place)) {
    const isGone = await rmdir(place).then(
      () => true,
      () => false,
    );
    if (!isGone) return;
  }
}

async function judgeEntry(arch: Arch, entry: BinfmtEntry | null): Promise<EmulationReport> {
  const no = (problem: string): EmulationReport => ({ runs: 'no', problem });
  if (entry === null) return no(`${emulatorOf[arch]} is not registered with the kernel (binfmt_misc)`);
  if (!entry.isEnabled) return no(`${emulatorOf[arch]} is registered but disabled`);
  const runs = {
    runs: 'qemu',
    problem: null,
    ...(!entry.flags.includes('C') && { ignoresSetuid: true as const }),
  } as const;
  // With F the kernel holds the interpreter open: its file need not be there any more, nor inside the tree.
  if (entry.flags.includes('F')) return runs;
  const { interpreter } = entry;
  const program = await readFile(interpreter).catch(() => null);
  if (program === null) return no(`its interpreter ${interpreter} is missing`);
  if (interpreterOf(program) !== null) {
    return no(`${emulatorOf[arch]} is registered without the flag F, and its interpreter ${interpreter} is not static`);
  }
  return { ...runs, emulatorToBind: interpreter };
}

/**
 * Can this host run programs of `arch`, in a tree of that architecture? Tried by running one, which is written below
 * `scratch` for a moment; `scratch` must not be mounted noexec.
 */
export async function tryArch(
  host: Arch,
  arch: Arch,
  scratch: string,
  binfmtDirectory = '/proc/sys/fs/binfmt_misc',
): Promise<EmulationReport> {
  const entry = await readEntry(arch, binfmtDirectory);
  const report = await judgeEntry(arch, entry);
  const trialProblem = await tryProgram(arch, scratch);
  if (trialProblem === null) {
    if (mayRunNatively(host, arch) && entry?.isEnabled !== true) return { runs: 'native', problem: null };
    // The table is not mounted here, but it is the kernel's, and the trial went by it.
    if (entry === null && !existsSync(join(binfmtDirectory, 'register'))) return { runs: 'qemu', problem: null };
    return report;
  }
  return { runs: 'no', problem: (mayRunNatively(host, arch) ? null : report.problem) ?? trialProblem };
}
