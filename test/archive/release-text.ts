/** The text of a Release file. */
import { createHash } from 'node:crypto';

export interface ReleaseFields {
  readonly origin: string;
  readonly suite: string;
  readonly codename: string;
  readonly date: Date;
  /** Null for an index that never becomes old. */
  readonly validUntil: Date | null;
  readonly architectures: readonly string[];
  readonly components: readonly string[];
  readonly byHash: boolean;
}

/** `files`: the indexes by their path below the suite's directory. */
export function releaseText(fields: ReleaseFields, files: ReadonlyMap<string, Buffer>): string {
  return [
    `Origin: ${fields.origin}`,
    `Label: ${fields.origin}`,
    `Suite: ${fields.suite}`,
    `Codename: ${fields.codename}`,
    `Date: ${asInRelease(fields.date)}`,
    ...(fields.validUntil === null ? [] : [`Valid-Until: ${asInRelease(fields.validUntil)}`]),
    ...(fields.byHash ? ['Acquire-By-Hash: yes'] : []),
    `Architectures: ${fields.architectures.join(' ')}`,
    // As in Debian's: 'all' is named, and its packages are in the list of each architecture.
    ...(fields.architectures.includes('all') ? ['No-Support-for-Architecture-all: Packages'] : []),
    `Components: ${fields.components.join(' ')}`,
    'SHA256:',
    ...[...files].map(([path, body]) => ` ${sha256Of(body)} ${body.length} ${path}`),
    '',
  ].join('\n');
}

export function sha256Of(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

function asInRelease(date: Date): string {
  return date.toUTCString().replace('GMT', 'UTC');
}
