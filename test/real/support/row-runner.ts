/** Asks the product for one row of the release table after the other, in one process of the private network. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Arch } from '../../../src/model/arch.ts';
import { newPlace } from './machinespawn.ts';
import type { PublicArchives } from './public-archives-place.ts';

const repository = join(import.meta.dirname, '../../..');
const runPipelines = join(repository, 'test/fixtures/programs/run-pipelines.ts');
const rowPipeline = join(repository, 'test/fixtures/pipelines/row.yaml');

/** To be bound over the host's: it says how it was called. */
export const recordDebootstrap = {
  from: join(repository, 'test/fixtures/programs/record-debootstrap.sh'),
  to: '/usr/sbin/debootstrap',
};

export interface RowOutcome {
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly exitCode: number;
  readonly keyring: string | null;
  /** How debootstrap was called, with <packages> and <tree> for the directories of this test. */
  readonly debootstrap: readonly string[];
  /** Files below /etc/apt of the tree, by their path there. */
  readonly sources: Readonly<Record<string, string>>;
}

export class RowRunner {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: ((line: string) => void)[] = [];
  readonly #cache: string;

  constructor({ inside, library }: PublicArchives) {
    const place = newPlace('rows');
    this.#cache = place.cache;
    const settings = {
      machinesDirectory: place.machines,
      cacheDirectory: place.cache,
      stateDirectory: place.state,
      snapshotDriver: 'copy',
    };
    const [file = '', ...words] = inside.wrapper;
    const args = [...words, process.execPath, runPipelines, library, JSON.stringify(settings)];
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout ?? process.stdin });
    this.#lines.on('line', (line) => this.#waiting.shift()?.(line));
    // Whoever still waits is told; the test says what came.
    this.#child.once('close', () => this.#waiting.splice(0).forEach((tell) => tell('null')));
  }

  /** As if for the first time: what was learned of the archives goes. */
  async run(image: string, arch: Arch): Promise<RowOutcome> {
    rmSync(join(this.#cache, 'archives'), { recursive: true, force: true });
    const answer = new Promise<string>((resolve) => void this.#waiting.push(resolve));
    this.#child.stdin?.write(
      `${JSON.stringify({ pipeline: rowPipeline, inputs: { image, arch }, noCache: true, fresh: true })}\n`,
    );
    const outcome = JSON.parse(await answer) as {
      readonly error: RowOutcome['error'];
      readonly exitCode: number;
      readonly outputs: Readonly<Record<string, string>>;
    } | null;
    if (outcome === null) throw new TypeError('the process that runs the rows has ended');
    const { error, exitCode, outputs } = outcome;
    const tree = this.#treeOf(outputs['tree']);
    return {
      error,
      exitCode,
      keyring: outputs['keyring'] ?? null,
      debootstrap: tree === null ? [] : this.#argumentsIn(tree),
      sources: tree === null ? {} : sourcesIn(tree),
    };
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin?.end();
    await ended;
  }

  #treeOf(ref: string | undefined): string | null {
    if (ref === undefined) return null;
    return join(this.#cache, 'snapshots/copy', ref.replace(/^tree:/u, ''), 'tree');
  }

  #argumentsIn(tree: string): readonly string[] {
    return readFileSync(join(tree, 'debootstrap.arguments'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((argument) => argument.replace(new RegExp(`${this.#cache}/packages/\\w+$`, 'u'), '<packages>'))
      .map((argument) => (argument.startsWith(`${this.#cache}/snapshots/`) ? '<tree>' : argument));
  }
}

function sourcesIn(tree: string): Readonly<Record<string, string>> {
  const apt = join(tree, 'etc/apt');
  const files = existsSync(apt) ? readdirSync(apt, { recursive: true, withFileTypes: true }) : [];
  return Object.fromEntries(
    files
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(apt.length + 1), readFileSync(path, 'utf8')]),
  );
}
