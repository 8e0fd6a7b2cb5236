/** Looks at the host: what is there, what is missing, and the command that mends it. */
import { access, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { App, DoctorCheck, RunRequest } from './app-types.ts';
import type { AppPipelines } from './app-pipelines.ts';
import type { World } from './app-world.ts';
import { deniedSetuid } from './app-denied-setuid.ts';
import { MachinespawnError } from './errors/machinespawn-error.ts';
import { packageOfTool } from './host/tool-packages.ts';
import { archs, emulatorOf, type Arch } from './model/arch.ts';
import { chooseArch, parseImageSpec } from './model/image-spec.ts';
import { keyringSource } from './model/release-table.ts';
import type { Release } from './model/release.ts';
import { currentReleases, releaseOf } from './model/releases.ts';

const aptOptions = ['-o', 'DPkg::Lock::Timeout=120'];
const baseTools = [
  'debootstrap',
  'systemd-nspawn',
  'gpgv',
  'wget',
  'dpkg',
  'getfattr',
  'flock',
  'unshare',
  'setpriv',
  'mount',
];
const emulatorPackages = ['qemu-user-static', 'binfmt-support'];
const fileSystems: Readonly<Record<number, string>> = {
  0x9123683e: 'btrfs',
  0x58465342: 'xfs',
  0xef53: 'ext4',
  0x01021994: 'tmpfs',
  0x794c7630: 'overlay',
};
const minimumBytes = 2 * 1024 ** 3;

type Tools = Awaited<ReturnType<App['missingTools']>>;

export class AppDoctor {
  readonly #world: World;
  readonly #pipelines: AppPipelines;

  constructor(world: World, pipelines: AppPipelines) {
    this.#world = world;
    this.#pipelines = pipelines;
  }

  async checks(target: string | null): Promise<readonly DoctorCheck[]> {
    const { facts, settings } = this.#world;
    const spec = target === null ? null : parseImageSpec(target);
    const arch = spec === null ? null : chooseArch(spec, null, facts.arch);
    const wanted: readonly Arch[] = arch === null ? archs : [arch];
    const checks = [
      await this.#root(),
      {
        ...ok(
          'systemd',
          'systemd',
          facts.systemd
            ? 'running as PID 1'
            : 'not running as PID 1: machines can be built and run, not started in the background',
        ),
      },
      ...(await Promise.all(baseTools.map((tool) => this.#tool(tool)))),
      ...(await this.#keyrings(spec === null ? null : releaseOf(spec.codename, spec.distro))),
      ...(await Promise.all(wanted.map((one) => this.#emulation(one, arch !== null)))),
      ...(target === null ? await this.#setuid() : []),
      await this.#storage('cache', settings.cacheDirectory),
      await this.#storage('machines', settings.machinesDirectory),
    ];
    return checks;
  }

  /** What a request needs and this host lacks; null: what any build needs. */
  async missing(request: RunRequest | null): Promise<Tools> {
    const { facts, registry } = this.#world;
    const packages = new Set<string>();
    let tools: readonly string[] = baseTools;
    if (request !== null) {
      const plan = await this.#pipelines.plan(request);
      const types = await Promise.all(plan.steps.map((step) => registry.get(step.uses)));
      tools = types.flatMap((type) => type.needs?.tools ?? []);
      const { image, arch } = plan.inputs;
      if (plan.pipeline.id === 'bootstrap' && typeof image === 'string') {
        const spec = parseImageSpec(image);
        const guest = chooseArch(spec, typeof arch === 'string' && arch !== '' ? (arch as Arch) : null, facts.arch);
        if ((await facts.canRun(guest)).runs === 'no')
          for (const name of await this.#emulatorPackages(guest)) packages.add(name);
        const { keyring } = releaseOf(spec.codename, spec.distro);
        if (!plan.inputs['keyring'] && !(await anyThere(keyring.paths)) && spec.distro === 'debian')
          packages.add(keyring.debianPackage);
      }
    }
    for (const tool of new Set(tools)) if ((await facts.findProgram(tool)) === null) packages.add(packageOfTool(tool));
    return { packages: [...packages].toSorted(), commands: installCommands([...packages].toSorted()) };
  }

  /** Those that are not there; what is there and yet does not work is for check-host to tell. */
  async #emulatorPackages(guest: Arch): Promise<readonly string[]> {
    const { facts } = this.#world;
    const emulators = await Promise.all(
      [`${emulatorOf[guest]}-static`, emulatorOf[guest]].map((name) => facts.findProgram(name)),
    );
    const packages = emulators.every((path) => path === null) ? ['qemu-user-static'] : [];
    return (await facts.findProgram('update-binfmts')) === null ? [...packages, 'binfmt-support'] : packages;
  }

  async #root(): Promise<DoctorCheck> {
    if (this.#world.facts.uid === 0) return ok('root', 'root', 'this is root');
    const sudo = await there('/usr/bin/sudo');
    if (sudo) return ok('root', 'root', 'sudo is there');
    return {
      id: 'root',
      title: 'root',
      status: 'fail',
      detail: 'this is not root, and sudo is not installed',
      fix: { command: 'su -c "apt-get install sudo"' },
    };
  }

  async #tool(tool: string): Promise<DoctorCheck> {
    const path = await this.#world.facts.findProgram(tool);
    if (path !== null) return ok(`tool.${tool}`, tool, path);
    return {
      id: `tool.${tool}`,
      title: tool,
      status: 'fail',
      detail: 'not installed',
      fix: { command: `apt-get install ${packageOfTool(tool)}` },
    };
  }

  async #keyrings(release: Release | null): Promise<readonly DoctorCheck[]> {
    const wanted = release === null ? currentReleases().releases : [release];
    const seen = new Map(wanted.map((one) => [one.keyring.debianPackage, one]));
    return Promise.all(
      [...seen.values()].map(async ({ distro, keyring: { paths, debianPackage } }): Promise<DoctorCheck> => {
        const id = `keyring.${debianPackage}`;
        const found = await firstThere(paths);
        if (found !== null) return ok(id, 'keyring', found);
        const isFetched = distro !== keyringSource.distro;
        return {
          id,
          title: 'keyring',
          status: isFetched ? 'warn' : 'fail',
          detail: isFetched
            ? `${paths[0]} is missing: it will be taken from Debian's archive, and verified`
            : `${paths[0]} is missing`,
          fix: { command: `apt-get install ${debianPackage}` },
        };
      }),
    );
  }

  async #emulation(arch: Arch, isNeeded: boolean): Promise<DoctorCheck> {
    const id = `binfmt.${arch}`;
    const title = `${arch} programs`;
    try {
      const { runs, problem } = await this.#world.facts.canRun(arch);
      if (runs !== 'no') return ok(id, title, runs === 'native' ? 'run natively' : `run through ${emulatorOf[arch]}`);
      return {
        id,
        title,
        status: isNeeded ? 'fail' : 'warn',
        detail: problem ?? 'do not run',
        fix: { command: `apt-get install ${emulatorPackages.join(' ')}` },
      };
    } catch (error) {
      if (!MachinespawnError.is(error)) throw error;
      return { id, title, status: 'skip', detail: error.message, fix: null };
    }
  }

  async #setuid(): Promise<readonly DoctorCheck[]> {
    const { facts, machines } = this.#world;
    try {
      return (await deniedSetuid(facts, await machines.list())).map(({ machine, arch, programs }) => ({
        id: `setuid.${machine}`,
        title: machine,
        status: 'warn',
        detail:
          `its setuid programs get no rights, since ${emulatorOf[arch]} is registered without the flag C: ` +
          `${programs.slice(0, 3).join(', ')}${programs.length > 3 ? ` and ${programs.length - 3} more` : ''}`,
        fix: null,
      }));
    } catch (error) {
      if (!MachinespawnError.is(error)) throw error;
      return [{ id: 'setuid', title: 'setuid programs', status: 'skip', detail: error.message, fix: null }];
    }
  }

  async #storage(id: string, path: string): Promise<DoctorCheck> {
    const place = await nearestThere(path);
    const { type, bavail, bsize } = await statfs(place);
    const name = fileSystems[type] ?? 'another file system';
    const freeBytes = bavail * bsize;
    const detail = `${path} is on ${name}, ${Math.floor(freeBytes / 1024 ** 3)} GiB free`;
    if (freeBytes < minimumBytes)
      return { id: `storage.${id}`, title: id, status: 'fail', detail, fix: { command: 'machinespawn clean-cache' } };
    const note = name === 'btrfs' || name === 'xfs' ? '' : ' (copies are full copies; btrfs makes them instant)';
    return ok(`storage.${id}`, id, `${detail}${note}`);
  }
}

function ok(id: string, title: string, detail: string): DoctorCheck {
  return { id, title, status: 'ok', detail, fix: null };
}

function installCommands(packages: readonly string[]): Tools['commands'] {
  if (packages.length === 0) return [];
  const commands: string[][] = [
    ['apt-get', ...aptOptions, 'update'],
    ['apt-get', ...aptOptions, '-y', '--no-install-recommends', 'install', ...packages],
  ];
  // Where no systemd mounts it, the kernel's table of emulators is not there, and the package cannot fill it.
  if (packages.includes('qemu-user-static')) {
    commands.push([
      'sh',
      '-c',
      '[ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc',
    ]);
    commands.push([
      'sh',
      '-c',
      'update-binfmts --enable && { [ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || /usr/lib/systemd/systemd-binfmt; }',
    ]);
  }
  return commands;
}

const there = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function firstThere(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) if (await there(path)) return path;
  return null;
}

const anyThere = async (paths: readonly string[]): Promise<boolean> => (await firstThere(paths)) !== null;

async function nearestThere(path: string): Promise<string> {
  let place = path;
  while (!(await there(place))) place = dirname(place);
  return place;
}
