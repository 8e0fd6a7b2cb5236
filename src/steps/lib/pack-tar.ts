/** Packs a directory into a tar file: the same files give the same bytes, on any host and day. */
import { z } from 'zod';
import { fail } from '../../errors/machinespawn-error.ts';
import type { Context } from '../define-step.ts';

interface Compressor {
  readonly ending: string;
  /** Null for none. */
  readonly command: string | null;
  readonly debianPackage: string;
}

// Neither the number of processors nor a clock may decide a byte: threads are fixed for xz, which has other blocks without.
const compressors: readonly Compressor[] = [
  { ending: '.tar', command: null, debianPackage: '' },
  { ending: '.tar.gz', command: 'gzip -n -6', debianPackage: 'gzip' },
  { ending: '.tar.xz', command: 'xz -6 --threads=2', debianPackage: 'xz-utils' },
  { ending: '.tar.zst', command: 'zstd -q -9 -T0', debianPackage: 'zstd' },
];

/** The ending of a file says how it is compressed. */
export const tarNameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][\w.+~@-]{0,190}\.tar(?:\.gz|\.xz|\.zst)?$/u,
    'not a name that ends in .tar, .tar.gz, .tar.xz or .tar.zst',
  );

export interface TarJob {
  /** On the host. What is below is named `./…`. */
  readonly directory: string;
  /** Names in `directory`. @default all of it */
  readonly members?: readonly string[];
  /** Where the file goes; its ending is one of those above. */
  readonly file: string;
  /** Seconds since 1970. `latest`: no file is younger; `all`: every file has this time. */
  readonly epoch: number;
  readonly times: 'latest' | 'all';
  /** Whose the files are in it. @default as they are */
  readonly owner?: 'root';
  /** Paths below `directory`, * and ? stand for anything. */
  readonly exclude?: readonly string[];
}

/** Throws MSP_TOOL_MISSING, MSP_TOOL_FAILED, MSP_DISK_FULL. */
export async function packTar({ services }: Pick<Context, 'services'>, job: TarJob): Promise<void> {
  await services.exec({
    file: 'tar',
    args: ['--create', ...(await compression(services, job.file)), ...argumentsOf(job)],
  });
}

async function compression({ facts }: Context['services'], file: string): Promise<readonly string[]> {
  const { command, debianPackage } = compressors.find(({ ending }) => file.endsWith(ending)) ?? {
    command: null,
    debianPackage: '',
  };
  if (command === null) return [];
  const [tool = ''] = command.split(' ');
  if ((await facts.findProgram(tool)) === null) throw fail('MSP_TOOL_MISSING', { tool, debianPackage });
  return [`--use-compress-program=${command}`];
}

function argumentsOf(job: TarJob): readonly string[] {
  return [
    `--file=${job.file}`,
    // A colon in the name does not mean another computer.
    '--force-local',
    '--sort=name',
    '--format=posix',
    // Without these, numbers of processes and times of reading stand in it.
    '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
    '--numeric-owner',
    ...(job.owner === 'root' ? ['--owner=0', '--group=0'] : []),
    `--mtime=@${job.epoch}`,
    ...(job.times === 'latest' ? ['--clamp-mtime'] : []),
    '--one-file-system',
    '--acls',
    // Capabilities and the user's own; what else there is belongs to the file system that the tree is on.
    '--xattrs',
    '--xattrs-include=security.capability',
    '--xattrs-include=user.*',
    '--anchored',
    ...(job.exclude ?? []).map((path) => `--exclude=./${path}`),
    `--directory=${job.directory}`,
    '--',
    ...(job.members ?? ['.']),
  ];
}
