import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fail } from '../errors/machinespawn-error.ts';
import { archOfNode, archs, type Arch } from '../model/arch.ts';
import { type EmulationReport, tryArch } from './binfmt.ts';
import { findProgram } from './find-program.ts';
import type { HostFacts } from './services.ts';

export interface FactsSettings {
  /** It is given: only app.ts reads it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where a trial program may stand for a moment: not mounted noexec. */
  readonly scratch: string;
}

/** What the host is. */
export class SystemFacts implements HostFacts {
  readonly #settings: FactsSettings;
  readonly #reports = new Map<Arch, Promise<EmulationReport>>();

  constructor(settings: FactsSettings) {
    this.#settings = settings;
  }

  /** Throws MSP_ARCH_UNKNOWN on a processor that no image is for. */
  get arch(): Arch {
    const arch = archOfNode(process.arch);
    if (arch === null) throw fail('MSP_ARCH_UNKNOWN', { arch: process.arch, known: archs });
    return arch;
  }

  get uid(): number {
    return process.geteuid?.() ?? -1;
  }

  /** The test of sd_booted(3). */
  get systemd(): boolean {
    return existsSync('/run/systemd/system');
  }

  /** See random(4). */
  get bootId(): string {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  }

  async findProgram(name: string): Promise<string | null> {
    return await findProgram(name);
  }

  /** In lower or upper case; an empty one counts as unset. */
  env(name: Parameters<HostFacts['env']>[0]): string | undefined {
    const { environment } = this.#settings;
    return environment[name] || environment[name.toUpperCase()] || undefined;
  }

  /** Found out once. */
  async canRun(arch: Arch): Promise<EmulationReport> {
    // What runs this runs.
    if (arch === this.arch) return { runs: 'native', problem: null };
    const report = this.#reports.get(arch) ?? tryArch(this.arch, arch, this.#settings.scratch);
    this.#reports.set(arch, report);
    return await report;
  }

  readonly nowMs = (): number => Date.now();

  randomHex(bytes: number): string {
    return randomBytes(bytes).toString('hex');
  }
}
