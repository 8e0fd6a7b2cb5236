/** Keeps what was read from lists of packages, so that the next selection of the same suite need not read them again. */
import { createHash } from 'node:crypto';
import { PackagesIndex } from '../../model/packages-index.ts';
import type { Context } from '../define-step.ts';

/** Each takes 25 to 40 MB. */
const mostKept = 6;
const endingLength = 'Kept-Digest: '.length + 64 + 1;
const endingOf = (digest: string): string => `Kept-Digest: ${digest}\n`;

const placeOf = ({ services }: Context): string => `${services.directories.cache}/lists/indexes`;

/** Null when it is not there, or damaged. @param digest SHA-256 of the file as the archive serves it */
export async function recallPackages(context: Context, digest: string): Promise<PackagesIndex | null> {
  const { files } = context.services;
  const path = `${placeOf(context)}/${digest}.packages`;
  const info = await files.info(path);
  if (info?.type !== 'file') return null;
  const bytes = (await context.services.root('/').readStart(path, info.sizeBytes)) ?? Buffer.alloc(0);
  const content = bytes.subarray(0, -endingLength);
  const ending = endingOf(createHash('sha256').update(content).digest('hex'));
  if (bytes.length > endingLength && bytes.subarray(-endingLength).toString() === ending)
    return PackagesIndex.of(content);
  context.log.warn(`${path} is damaged: the list is read anew`);
  return null;
}

/** Those of other days go, except a few. */
export async function keepPackages(context: Context, digest: string, index: PackagesIndex): Promise<void> {
  const { files } = context.services;
  const place = placeOf(context);
  await files.makeDirectory(place);
  const others = (await files.list(place)).filter(
    (name) => name.endsWith('.packages') && name !== `${digest}.packages`,
  );
  const dated = await Promise.all(
    others.map(async (name) => ({
      path: `${place}/${name}`,
      mtimeMs: (await files.info(`${place}/${name}`))?.mtimeMs ?? 0,
    })),
  );
  const old = dated.toSorted((a, b) => b.mtimeMs - a.mtimeMs).slice(mostKept - 1);
  for (const { path } of old) await files.remove(path);
  await files.writeBytes(`${place}/${digest}.packages`, withDigest(index.parts()));
}

function* withDigest(parts: Iterable<Buffer>): Generator<Buffer> {
  const hash = createHash('sha256');
  for (const part of parts) {
    hash.update(part);
    yield part;
  }
  yield Buffer.from(endingOf(hash.digest('hex')));
}
