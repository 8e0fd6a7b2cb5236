/** What a step may do with binary packages. Types only. */
import type { DirectoryAttributes } from '../../model/directory-attributes.ts';
import type { TarFile } from '../../model/tar-file.ts';

/** A file of a package's control member. */
export interface PackageFile {
  readonly name: string;
  readonly mode: number;
  /** Seconds. */
  readonly mtime: number;
  readonly content: Uint8Array;
}

/** A .deb that lies somewhere, and what it must be. */
export interface DebFile {
  /** For messages. */
  readonly name: string;
  readonly path: string;
  /** 64 hex digits. */
  readonly sha256: string;
}

export interface UnpackedDeb {
  /** `control` is among them. */
  readonly controlFiles: readonly PackageFile[];
  /** Of the data member, in its order: "/.", "/usr/", "/usr/bin/x"; directories end in a slash. Null when it was left out. */
  readonly paths: readonly string[] | null;
  /** By path, without the slash: those of its directories that are other than 0755 and root's. */
  readonly directories: Readonly<Record<string, DirectoryAttributes>>;
  /** MD5 of each file that `conffiles` names, by path. */
  readonly conffiles: Readonly<Record<string, string>>;
  /** Of all files together. */
  readonly sizeBytes: number;
}

export type LeaveOut = (deb: DebFile, controlFiles: readonly PackageFile[], paths: readonly string[] | null) => boolean;

/** Binary packages, and how their files come into a tree. */
export interface Debs {
  /**
   * Unpacks data members side by side into the tree, by a tar that cannot leave it; answers in the order given.
   * What was unpacked once is kept, and read instead of the .deb.
   * Throws MSP_PACKAGE_CORRUPT, MSP_PACKAGE_BROKEN, MSP_PACKAGE_HOSTILE, MSP_PACKAGE_COMPRESSION, MSP_DISK_FULL,
   * MSP_TOOL_FAILED.
   */
  unpack(
    debs: readonly DebFile[],
    tree: string,
    options?: {
      /** Files of our own that are there before any package. */
      readonly before?: readonly TarFile[];
      /** One of `debs`, whose files are there before those of the others. */
      readonly first?: DebFile | null;
      /** Called when all packages are unpacked: more files of our own, which come last. */
      readonly after?: (unpacked: readonly UnpackedDeb[]) => readonly TarFile[];
      /**
       * True to leave the data member out. Asked when nothing but the control member is known; then, `paths` as in UnpackedDeb,
       * once more before anything is written.
       */
      readonly leaveOut?: LeaveOut;
      /** Those of `debs` that are all looked at before any is written: `leaveOut` may learn from one about another. */
      readonly ahead?: readonly DebFile[];
      readonly onUnpacked?: (deb: DebFile, isFromCache: boolean) => void;
    },
  ): Promise<readonly UnpackedDeb[]>;
  /** Writes files of our own into the tree by the same way, owned by root. */
  write(files: readonly TarFile[], tree: string): Promise<void>;
}
