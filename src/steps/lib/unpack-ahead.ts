/**
 * Unpacks a tar image while it comes in, into a tree that extract-image takes if the bytes turn out to be good. Whatever
 * goes wrong here is of no consequence: extract-image then unpacks the file by itself, and tells what is wrong with it.
 */
import type { Followed } from '../../host/archive-services.ts';
import type { GrownFile } from '../../host/net-services.ts';
import { usualTarLimits } from '../../model/tar-safety.ts';
import type { Context } from '../define-step.ts';
import type { FoundImage } from './pulled-image.ts';
import { treeSize } from './tree-size.ts';

/** Less is unpacked in no time. */
const leastBytes = 4 * 1024 * 1024;
const tellEachBytes = 4 * 1024 * 1024;

/** Under what name extract-image finds the tree. */
export const aheadName = (sha256: string): string => `unpacked-${sha256}`;

export interface UnpackAheadOptions {
  /** What will be verified: bytes that came over plain http wait for it. */
  readonly verify: string;
}

type Ahead = Pick<Context, 'services' | 'progress'>;

export class UnpackAhead {
  readonly #context: Ahead;
  readonly #image: FoundImage;
  readonly #options: UnpackAheadOptions;
  #state: 'waiting' | 'begun' | 'lost' = 'waiting';
  #tree: Awaited<ReturnType<Ahead['services']['trees']['ahead']>> | null = null;
  #followed: Followed | null = null;
  #beginning: Promise<void> = Promise.resolve();
  /** Taken while the image is being synced. */
  #size: Promise<number | null> | null = null;
  #seenBytes = 0;
  #toldBytes = 0;

  constructor(context: Ahead, image: FoundImage, options: UnpackAheadOptions) {
    this.#context = context;
    this.#image = image;
    this.#options = options;
  }

  /** For `onGrown` of a download. */
  grown(file: GrownFile): void {
    if (file.sizeBytes < this.#seenBytes) this.#lose();
    this.#seenBytes = file.sizeBytes;
    if (this.#state === 'waiting') this.#beginning = this.#begin(file).catch(() => this.#lose());
    if (file.sizeBytes < this.#toldBytes + tellEachBytes) return;
    this.#toldBytes = file.sizeBytes;
    if (this.#state === 'begun') this.#followed?.grown();
  }

  /** For its `onWhole`. Ends with the unpacking: the file keeps its name until then, and is synced after it. */
  async whole(file: GrownFile): Promise<void> {
    await this.#beginning;
    if (this.#state === 'begun' && file.sizeBytes === this.#image.sizeBytes) this.#followed?.whole();
    else this.#lose();
    const report = await this.#followed?.report.catch(() => null);
    if (report && this.#tree !== null) this.#size = treeSize(this.#context, this.#tree.path).catch(() => null);
  }

  /** Leaves the tree for extract-image. */
  async finish(sha256: string): Promise<void> {
    const [tree, followed] = [this.#tree, this.#followed];
    if (tree === null || followed === null) return;
    const [report, sizeBytes] = await Promise.all([followed.report.catch(() => null), this.#size]);
    if (report === null || sizeBytes === null || this.#state !== 'begun') return;
    tree.leave(aheadName(sha256), { entries: report.entries, sizeBytes });
  }

  /** The download has failed. */
  async abandon(): Promise<void> {
    await this.#beginning;
    this.#lose();
    await this.#followed?.report.catch(() => null);
  }

  async #begin(file: GrownFile): Promise<void> {
    const { sizeBytes, compression, name } = this.#image;
    const isWorthIt = compression !== null && sizeBytes !== null && sizeBytes >= leastBytes;
    if (!isWorthIt || !(file.secure || this.#options.verify === 'no')) {
      this.#state = 'lost';
      return;
    }
    this.#state = 'begun';
    const { services, progress } = this.#context;
    this.#tree = await services.trees.ahead();
    this.#followed = services.archives.follow({
      archive: file.path,
      name,
      compression,
      to: this.#tree.path,
      limits: usualTarLimits,
      packedBytes: sizeBytes,
      onProgress: (done) => {
        if (this.#seenBytes === sizeBytes) progress({ phase: 'unpacking', done, unit: 'bytes' });
      },
    });
    if (this.#isLost()) this.#followed.lost();
  }

  /** It may have happened while something else was waited for. */
  #isLost(): boolean {
    return this.#state === 'lost';
  }

  #lose(): void {
    this.#state = 'lost';
    this.#followed?.lost();
  }
}
