/** The parsers of this room as zod schemas, for the inputs of steps. The only file here that knows zod. */
import { z } from 'zod';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { archs } from './arch.ts';
import { parseArchiveUrl } from './archive-url.ts';
import { artifactForm, artifactNameForm, type ArtifactFile } from './artifact.ts';
import { parseByteSize } from './byte-size.ts';
import { parseDuration } from './duration.ts';
import { parseHostName } from './host-name.ts';
import { parseImageSpec } from './image-spec.ts';
import { parsePullSource } from './pull-source.ts';
import { parseMachineName, type MachineName } from './machine-name.ts';
import { parseSnapshotMoment } from './snapshot-moment.ts';
import { parseComponentList, parsePackageList } from './package-list.ts';
import { packageRequestForm } from './package-request.ts';

/** A fault of the parser becomes an issue; its code and hint are in `params`. */
function report(error: unknown, input: unknown, issues: z.core.$ZodRawIssue[]): void {
  if (!MachinespawnError.is(error)) throw error;
  const { code, message, hint } = error;
  const text = hint === undefined ? message : `${message} (${hint})`;
  issues.push({ code: 'custom', message: text, input, params: { code, message, hint: hint ?? null } });
}

/** Text in, parsed value out. */
function parsedBy<T>(parse: (text: string) => T) {
  return z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      report(error, text, context.issues);
      return z.NEVER;
    }
  });
}

/** Text in, the same text out: usable in outputs, too, since it has a JSON schema in both directions. */
function checkedBy<T extends string>(parse: (text: string) => T) {
  const schema = z.string().check((context) => {
    try {
      parse(context.value);
    } catch (error) {
      report(error, context.value, context.issues);
    }
  });
  return schema as unknown as z.ZodType<T, string>;
}

export const machineNameSchema = checkedBy<MachineName>(parseMachineName).describe(
  'Name of the machine, such as bread',
);
export const hostNameSchema = checkedBy(parseHostName).describe('Host name inside the machine');
export const imageSpecSchema = parsedBy(parseImageSpec).describe('Image, such as debian-12 or ubuntu-jammy/arm64');
/** Standard input is none: it can be read once, and a pipeline may be gone on with. */
export const pullSourceSchema = checkedBy((text) => {
  if (parsePullSource(text).kind !== 'stdin') return text;
  throw fail('MSP_USAGE', { problem: 'a pipeline does not pull from standard input', hint: 'a file or an address' });
}).describe('http or https address, absolute path on the host, or lxc:DISTRO/RELEASE');
export const archSchema = z.enum(archs).describe('Debian architecture');
export const archiveUrlSchema = parsedBy(parseArchiveUrl).describe('Address of an archive, such as http://HOST/debian');
export const snapshotSchema = parsedBy(parseSnapshotMoment).describe('Moment of the past, such as 2026-11-01');
export const durationSchema = parsedBy(parseDuration).describe('Span of time, such as 90s, 10m or 1h30m');
export const byteSizeSchema = parsedBy(parseByteSize).describe('Size, such as 500K, 5M or 1.5G');
export const packageListSchema = parsedBy(parsePackageList).describe('Package names, separated by commas');
export const componentListSchema = parsedBy(parseComponentList).describe(
  'Components of the archive, separated by commas',
);
/** Debian Policy 5.6.1. */
export const packageNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9+.-]+$/u, 'not a package name')
  .describe('Name of a package');

export const packageRequestSchema = z
  .string()
  .regex(packageRequestForm, 'not a package, such as nano or nano=7.2-1')
  .describe('A package: nano, nano=7.2-1, nano/bookworm-backports, nano:amd64, or a pattern of apt');

export const variantSchema = z.enum(['default', 'minbase', 'buildd']).describe('Which packages make the base');
export const artifactSchema: z.ZodType<ArtifactFile, ArtifactFile> = z
  .strictObject({
    artifact: z.string().regex(artifactForm).describe('Names the file by its content'),
    name: z.string().regex(artifactNameForm).describe('What it is called where a person gets it'),
    sizeBytes: z.int().min(0).describe('Its size'),
    sha256: z
      .string()
      .regex(/^[\da-f]{64}$/u)
      .describe('Its digest'),
  })
  .describe('A file that a step made');
