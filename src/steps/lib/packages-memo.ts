/** Keeps what was read from lists of packages, so that the next selection of the same suite need not read them again. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { PackagesIndex } from '../../model/packages-index.ts';
import type { Context } from '../define-step.ts';

/** Each takes 25 to 40 MB. */
const mostKept = 6;
/** At the end of the file: lengths of what is in it, and a digest of all of it, at the same place in each. */
const endingLength = 512;
const endingOf = (rest: object): Buffer => Buffer.from(`${JSON.stringify(rest).padEnd(endingLength - 1)}\n`);

const endingSchema = z.strictObject({
  head: z.number(),
  places: z.number(),
  providers: z.number(),
  digest: z.string(),
});
const headSchema = z.strictObject({
  blocks: z.array(z.number()),
  basic: z.array(z.tuple([z.string(), z.array(z.string())])),
});

/** Another form has another name. */
const nameOf = (digest: string): string => `${digest}.index-2`;

const placeOf = ({ services }: Context): string => `${services.directories.cache}/lists/indexes`;

/** Null when it is not there, or damaged. @param digest SHA-256 of the file as the archive serves it */
export async function recallPackages(context: Context, digest: string): Promise<PackagesIndex | null> {
  const { files } = context.services;
  const path = `${placeOf(context)}/${nameOf(digest)}`;
  const info = await files.info(path);
  if (info?.type !== 'file') return null;
  const bytes = (await context.services.root('/').readStart(path, info.sizeBytes)) ?? Buffer.alloc(0);
  const index = unpack(bytes);
  if (index !== null) return index;
  context.log.warn(`${path} is damaged: the list is read anew`);
  return null;
}

/** Those of other days go, except a few. */
export async function keepPackages(context: Context, digest: string, index: PackagesIndex): Promise<void> {
  const { files } = context.services;
  const place = placeOf(context);
  await files.makeDirectory(place);
  const others = (await files.list(place)).filter((name) => name !== nameOf(digest));
  const dated = await Promise.all(
    others.map(async (name) => ({
      path: `${place}/${name}`,
      mtimeMs: (await files.info(`${place}/${name}`))?.mtimeMs ?? 0,
    })),
  );
  const old = dated.toSorted((a, b) => b.mtimeMs - a.mtimeMs).slice(mostKept - 1);
  for (const { path } of old) await files.remove(path);
  await files.writeBytes(`${place}/${nameOf(digest)}`, packed(index));
}

function* packed(index: PackagesIndex): Generator<Buffer> {
  const hash = createHash('sha256');
  const { places, providers, ...rest } = index.table();
  const head = Buffer.from(JSON.stringify(rest));
  for (const part of [...index.parts(), places, providers, head]) {
    hash.update(part);
    yield part;
  }
  const lengths = { places: places.length, providers: providers.length, head: head.length };
  yield endingOf({ ...lengths, digest: hash.digest('hex') });
}

/** Null when it is damaged. */
function unpack(bytes: Buffer): PackagesIndex | null {
  try {
    const content = bytes.subarray(0, -endingLength);
    const ending = endingSchema.parse(JSON.parse(bytes.toString('utf8', content.length)));
    if (createHash('sha256').update(content).digest('hex') !== ending.digest) return null;
    const headAt = content.length - ending.head;
    const providersAt = headAt - ending.providers;
    const { blocks, basic } = headSchema.parse(JSON.parse(content.toString('utf8', headAt)));
    const providers = content.subarray(providersAt, headAt);
    const places = content.subarray(providersAt - ending.places, providersAt);
    return PackagesIndex.of(content, { blocks, basic, places, providers });
  } catch {
    return null;
  }
}
