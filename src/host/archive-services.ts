/** What a step may do with archives. Types only. */
import type { ArchiveForm, Compression } from '../model/archive-form.ts';
import type { TarEntry, TarLimits } from '../model/tar-safety.ts';

export interface UnpackRequest {
  /** Path of the archive on the host. */
  readonly archive: string;
  /** For errors: what the user calls it. */
  readonly name: string;
  readonly compression: Compression;
  /** Directory. */
  readonly to: string;
  /** More for GNU tar, such as --strip-components=1; no spaces. */
  readonly options?: readonly string[];
  readonly limits: TarLimits;
  readonly onProgress?: (unpackedBytes: number) => void;
}

export interface LookRequest extends Pick<UnpackRequest, 'archive' | 'name' | 'compression' | 'limits'> {
  /** Each entry as it passes; what it throws ends the look. */
  readonly onEntry: (entry: TarEntry) => void;
}

export interface FollowRequest extends UnpackRequest {
  /** What the archive will have, for the limit against bombs. */
  readonly packedBytes: number;
}

/** An archive that is unpacked while it is still being written. */
export interface Followed {
  /** There is more of it. */
  grown(): void;
  /** Nothing more will come. */
  whole(): void;
  /** What was written so far is of no use: ends the unpacking. */
  lost(): void;
  /** Rejects as `unpack` does. */
  readonly report: Promise<UnpackReport>;
}

export interface UnpackReport {
  /** Without those that tar's options left out. */
  readonly entries: number;
}

export interface WriteImageRequest {
  readonly archive: string;
  readonly name: string;
  readonly compression: Compression;
  /** The image is written to `image` in it, with holes where there are zeros. */
  readonly directory: string;
}

export interface Archives {
  /** By the first bytes of a file; of compressed ones 256 KiB are enough, for bzip2 a MiB. Throws MSP_TOOL_MISSING. */
  recognize(start: Buffer): Promise<ArchiveForm>;
  /**
   * Unpacks a tar archive with everything that is in it, as GNU tar does as root; nothing outside of `to` can be reached.
   * The entries are looked at while it goes on, so `to` is of no use after a failure.
   * Throws MSP_TAR_UNSAFE, MSP_TAR_TOO_LARGE, MSP_TAR_DAMAGED, MSP_TAR_CUT, MSP_PULL_MEMORY, MSP_DISK_FULL,
   * MSP_TOOL_MISSING.
   */
  unpack(request: UnpackRequest): Promise<UnpackReport>;
  /** Only looks at the entries of a tar archive. Throws as `unpack` does. */
  look(request: LookRequest): Promise<UnpackReport>;
  /** As `unpack`, for an archive that is still being written at its end. */
  follow(request: FollowRequest): Followed;
  /**
   * Leaves room for everybody else. Throws MSP_IMAGE_DAMAGED, MSP_PULL_MEMORY, MSP_SPACE_LOW, MSP_DISK_FULL,
   * MSP_TOOL_MISSING.
   */
  writeImage(request: WriteImageRequest): Promise<void>;
}
