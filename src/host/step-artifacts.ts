import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactFile } from '../model/artifact.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { unwritable } from './file-error.ts';
import { removeTree } from './remove-tree.ts';
import type { RunProgram } from './run-program.ts';
import type { Artifacts } from './services.ts';

/** The files that one attempt of a step makes. */
export class StepArtifacts implements Artifacts {
  readonly #store: ArtifactStore;
  readonly #place: string;

  /** `id` is unique to the step in its run. */
  constructor(store: ArtifactStore, id: string) {
    this.#store = store;
    this.#place = store.pendingPlace(id);
  }

  async create(name: string): Promise<string> {
    try {
      await mkdir(this.#place, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw unwritable(this.#place, error);
    }
    return join(this.#place, name);
  }

  async keep(path: string): Promise<ArtifactFile> {
    return await this.#store.keep(path);
  }

  async open(ref: string): Promise<string> {
    return await this.#store.open(ref);
  }

  /** Throws away what was not kept. */
  async close(run: RunProgram): Promise<void> {
    await removeTree(run, this.#place);
  }
}
