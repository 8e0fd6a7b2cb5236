/** Fetches the image into the cache of downloads; cut off at any byte, it goes on from there. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import type { Downloaded, DownloadOptions, GrownFile } from '../host/net-services.ts';
import { parseByteRate, parseByteSize } from '../model/byte-size.ts';
import { defineStep, type Context } from './define-step.ts';
import { blobPath, inputPath, partialPath, readNote, sweepInputs, writeNote } from './lib/download-cache.ts';
import { proxyOf } from './lib/proxy-option.ts';
import { foundImageSchema, pulledImageSchema, type PulledImage } from './lib/pulled-image.ts';
import { sha256 } from './lib/sha256.ts';
import { UnpackAhead } from './lib/unpack-ahead.ts';

const input = z.strictObject({
  image: foundImageSchema,
  sha256: z
    .string()
    .regex(/^(?:[0-9a-f]{64})?$/iu, 'not a SHA-256: 64 hex digits')
    .default('')
    .describe("SHA-256 that the file must have; '' for any"),
  limitRate: z.string().default('').describe("Bytes per second at most, such as 5M; '' for as fast as it goes"),
  retries: z.number().int().min(0).default(4).describe('Further tries in a row that bring nothing'),
  maxSize: z.string().default('64G').describe('A larger file is not fetched'),
  proxy: z.string().default('').describe("Proxy, or none; '' for the environment's"),
  noCache: z.boolean().default(false).describe('Use no earlier download'),
  ahead: z.boolean().default(false).describe('Unpack a tar image while it comes in, for extract-image'),
  verify: z
    .enum(['auto', 'signature', 'checksum', 'no'])
    .default('auto')
    .describe('What will be verified: what came over plain http is not unpacked before that'),
});
type Input = z.output<typeof input>;

export const downloadImage = defineStep({
  id: 'download-image',
  summary: 'Fetch an image, or take it from the cache',
  version: 1,
  input,
  output: pulledImageSchema,
  reuse: 'run',
  check: async ({ output, services }) => (await services.files.info(output.path))?.sizeBytes === output.sizeBytes,
  describe: ({ sha256: digest, sizeBytes }) =>
    `${Math.max(1, Math.round(sizeBytes / 1048576))} MiB, sha256 ${digest.slice(0, 12)}…`,

  async run(context) {
    const { image } = context.input;
    if (image.kind === 'http') return await download(context);
    return image.kind === 'file' ? await readLocal(context) : await readInput(context);
  },
});

/** What the file must be, if anybody said. */
function expected({ input }: Context<Input>): string | null {
  return input.sha256.toLowerCase() || input.image.promised;
}

async function download(context: Context<Input>): Promise<PulledImage> {
  const { services, input } = context;
  const { image } = input;
  const url = image.place;
  const promised = expected(context);
  await services.lock(`download-${sha256(url).slice(0, 16)}`);
  const cached = input.noCache ? null : await fromCache(context, promised);
  if (cached !== null) return cached;
  const ahead = input.ahead ? new UnpackAhead(context, image, { verify: input.verify }) : null;
  const done = await fetchImage(context, promised, ahead);
  const { etag, lastModified, secure, sizeBytes, url: finalUrl } = done;
  const note = { format: 1, url, finalUrl, secure, etag, lastModified, sha256: done.sha256, sizeBytes } as const;
  await writeNote(services, { ...note, verification: null });
  await ahead?.finish(done.sha256);
  return outcome(context, { path: done.path, sha256: done.sha256, sizeBytes, url: finalUrl, secure });
}

async function fetchImage(
  context: Context<Input>,
  promised: string | null,
  ahead: UnpackAhead | null,
): Promise<Downloaded> {
  const { services, input, log } = context;
  const { image } = input;
  const url = image.place;
  const proxy = proxyOf(input.proxy);
  const options: DownloadOptions = {
    path: (digest) => blobPath(services, digest),
    partial: partialPath(services, url),
    maxBytes: parseByteSize(input.maxSize),
    retries: input.retries,
    ...(promised !== null && { expected: { sha256: promised } }),
    ...(input.limitRate !== '' && { limitBytesPerSecond: parseByteRate(input.limitRate) }),
    ...(proxy !== undefined && { proxy }),
    onProgress: (bytes, total) =>
      context.progress({ phase: 'downloading', done: bytes, unit: 'bytes', ...(total !== null && { total }) }),
    onNote: (text) => log.warn(`${image.name}: ${text}`),
    ...(ahead !== null && {
      onGrown: (file: GrownFile) => ahead.grown(file),
      onWhole: async (file: GrownFile) => await ahead.whole(file),
    }),
  };
  try {
    return await services.net.download(url, options);
  } catch (error) {
    await ahead?.abandon();
    throw error;
  }
}

/** What the server has just said to be the same; damage on the disk since then is seen. */
async function fromCache(context: Context<Input>, promised: string | null): Promise<PulledImage | null> {
  const { services, input } = context;
  const { place, etag, lastModified } = input.image;
  const note = await readNote(services, place);
  const isSame =
    note !== null && (etag !== null ? note.etag === etag : lastModified !== null && note.lastModified === lastModified);
  if (!isSame || (promised !== null && note.sha256 !== promised)) return null;
  const path = blobPath(services, note.sha256);
  const { sha256: digest, sizeBytes } = await services.files.digest(path);
  if (digest !== note.sha256) return null;
  context.log.info(`${input.image.name} was fetched before`);
  return outcome(context, { path, sha256: digest, sizeBytes, url: note.finalUrl, secure: note.secure });
}

async function readLocal(context: Context<Input>): Promise<PulledImage> {
  const { services, input } = context;
  const path = input.image.place;
  const before = await services.files.info(path);
  const total = input.image.sizeBytes;
  const read = await services.files.digest(path, (done) =>
    context.progress({ phase: 'reading', done, unit: 'bytes', ...(total !== null && { total }) }),
  );
  const after = await services.files.info(path);
  if (before?.mtimeMs !== after?.mtimeMs || before?.sizeBytes !== after?.sizeBytes)
    throw fail('MSP_PULL_CHANGED', { path });
  requireDigest(context, read.sha256);
  return { ...outcome(context, { path, ...read, url: null, secure: true }), mtimeMs: after?.mtimeMs ?? null };
}

async function readInput(context: Context<Input>): Promise<PulledImage> {
  const { services, input } = context;
  await services.files.makeDirectory(`${services.directories.cache}/downloads`);
  await sweepInputs(services, context.runId);
  const read = await services.files.takeInput({
    partial: inputPath(services, context.runId),
    path: (digest) => blobPath(services, digest),
    maxBytes: parseByteSize(input.maxSize),
    onProgress: (done) => context.progress({ phase: 'reading', done, unit: 'bytes' }),
  });
  const path = blobPath(services, read.sha256);
  try {
    requireDigest(context, read.sha256);
  } catch (error) {
    await services.files.remove(path);
    throw error;
  }
  return outcome(context, { path, ...read, url: null, secure: true });
}

function requireDigest(context: Context<Input>, actual: string): void {
  const promised = expected(context);
  if (promised === null || promised === actual) return;
  throw fail('MSP_DOWNLOAD_DIGEST', { url: context.input.image.name, expected: promised, actual });
}

function outcome(
  { input }: Context<Input>,
  got: Pick<PulledImage, 'path' | 'sha256' | 'sizeBytes' | 'url' | 'secure'>,
): PulledImage {
  const { kind, place, name, promised } = input.image;
  return { kind, place, name, promised, mtimeMs: null, ...got };
}
