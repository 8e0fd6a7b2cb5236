import { fail } from '../../errors/machinespawn-error.ts';
import type { RootFiles } from '../../host/services.ts';
import type { Context } from '../define-step.ts';
import { outerScript, sessionPlace } from './configure-script.ts';
import type { NativeTwins } from './native-twins.ts';
import { runPackageScripts } from './run-package-scripts.ts';

const policy = '/usr/sbin/policy-rc.d';
const daemonStarter = '/usr/sbin/start-stop-daemon';
const fakeStarter = '#!/bin/sh\necho\necho "Warning: Fake start-stop-daemon called, doing nothing"\n';

interface SessionSettings {
  /** For the sessions up to `dropTwins`. */
  readonly twins: NativeTwins | null;
  /** A script that says nothing for so long is ended. */
  readonly idleMs: number;
}

interface Tree {
  readonly path: string;
  readonly root: RootFiles;
}

/** Sessions inside a tree in which no service starts. What they need is in the tree from `open` to `close`. */
export class ConfigureSessions {
  readonly #context: Context;
  readonly #tree: Tree;
  readonly #settings: SessionSettings;
  #twins: NativeTwins | null;

  private constructor(context: Context, tree: Tree, settings: SessionSettings) {
    this.#context = context;
    this.#tree = tree;
    this.#settings = settings;
    this.#twins = settings.twins;
  }

  static async open(context: Context, tree: Tree, settings: SessionSettings): Promise<ConfigureSessions> {
    const { files, directories } = context.services;
    await tree.root.writeText(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    await tree.root.makeDirectory(sessionPlace);
    await files.writeText(`${directories.scratch}/start-stop-daemon`, fakeStarter, { mode: 0o755, durable: false });
    await files.makeDirectory(`${directories.scratch}/debs`);
    if (settings.twins !== null)
      await files.writeText(`${directories.scratch}/fstab`, settings.twins.fstab, { durable: false });
    return new ConfigureSessions(context, tree, settings);
  }

  /** `debs`: directory of .deb files that dpkg is to unpack. Throws MSP_PACKAGE_SCRIPT, MSP_PACKAGE_SCRIPT_HANGS. */
  async run(script: string, options: { readonly debs?: string | null } = {}): Promise<void> {
    const { path, root } = this.#tree;
    const { files, directories } = this.#context.services;
    await files.writeText(`${directories.scratch}/session`, script, { durable: false });
    const { debs = null } = options;
    const hasStarter = (await root.info(daemonStarter)) !== null;
    await runPackageScripts(this.#context, {
      file: 'sh',
      args: ['-c', outerScript, 'sh', path],
      label: 'configure',
      idleMs: this.#settings.idleMs,
      binds: [
        { from: '/proc', to: `${path}/proc` },
        { from: '/sys', to: `${path}/sys` },
        { from: directories.scratch, to: `${path}${sessionPlace}` },
        ...(debs === null ? [] : [{ from: debs, to: `${path}${sessionPlace}/debs`, readOnly: true }]),
        // Only for the session: the real one stays as it is.
        ...(hasStarter ? [{ from: `${directories.scratch}/start-stop-daemon`, to: `${path}${daemonStarter}` }] : []),
      ],
    });
  }

  /** From here on, all programs are the tree's own. */
  async dropTwins(): Promise<void> {
    const { files, directories } = this.#context.services;
    if (this.#twins === null) return;
    await files.remove(`${directories.scratch}/fstab`);
    await this.#remove(this.#twins.places);
    this.#twins = null;
  }

  /** As much of it as can be: a failure has been before, and the tree may be looked at. */
  async abandon(): Promise<void> {
    for (const place of this.#places()) await this.#tree.root.remove(place).catch(() => undefined);
  }

  /** Nothing of it is left. Throws MSP_FILE_UNWRITABLE. */
  async close(): Promise<void> {
    await this.#remove(this.#places());
  }

  async #remove(places: readonly string[]): Promise<void> {
    for (const place of places) {
      await this.#tree.root.remove(place);
      // With the policy, no service would ever start in the machine.
      if ((await this.#tree.root.info(place)) !== null)
        throw fail('MSP_FILE_UNWRITABLE', { path: place, problem: 'it cannot be removed' });
    }
  }

  #places(): readonly string[] {
    return [sessionPlace, policy, ...(this.#twins?.places ?? [])];
  }
}
