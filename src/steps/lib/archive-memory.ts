/** What was last seen in an archive: the newest verified index of a suite, and whether other suites are there. */
import { z } from 'zod';
import { fail } from '../../errors/machinespawn-error.ts';
import type { ReleaseFile } from '../../model/release-file.ts';
import type { Context } from '../define-step.ts';
import { sha256 } from './sha256.ts';
import type { SuiteIndex } from './verify-index.ts';

const indexNote = z.strictObject({
  mirror: z.string(),
  suite: z.string(),
  /** Of the index itself. */
  date: z.iso.datetime(),
  digest: z.string(),
  /** When this state was first seen here. */
  seenAt: z.iso.datetime(),
  url: z.string(),
  text: z.string(),
  /** Null where the text holds it. */
  signature: z.string().nullable(),
});
type IndexNote = z.output<typeof indexNote>;

const presenceNote = z.strictObject({
  mirror: z.string(),
  suite: z.string(),
  exists: z.boolean(),
  seenAt: z.iso.datetime(),
});

const stateNote = z.strictObject({ mirror: z.string(), suite: z.string(), digest: z.string() });

type PresenceNote = z.output<typeof presenceNote>;

/** Null when the suite was never seen at that mirror, or the note is damaged. */
export async function recallIndex(context: Context, mirror: string, suite: string): Promise<IndexNote | null> {
  return await recall(context, nameOf('index', mirror, suite), indexNote);
}

/** Throws MSP_ARCHIVE_REPLAYED when a newer state of the suite was seen at that mirror before. */
export async function checkReplay(
  { services }: Context,
  last: IndexNote | null,
  file: Pick<ReleaseFile, 'date'>,
): Promise<void> {
  if (last === null || Date.parse(file.date) >= Date.parse(last.date)) return;
  const { mirror, suite, date: lastDate } = last;
  const memory = `${services.directories.cache}/${nameOf('index', mirror, suite)}`;
  throw fail('MSP_ARCHIVE_REPLAYED', { suite, mirror, date: file.date, lastDate, memory });
}

/** Only what is verified may be given. Nothing is written when it is known already. */
export async function rememberIndex(
  { services }: Context,
  last: IndexNote | null,
  seen: { readonly mirror: string; readonly suite: string; readonly index: SuiteIndex; readonly date: string },
): Promise<void> {
  const { mirror, suite, index, date } = seen;
  if (last?.digest === index.digest) return;
  const { url, text, signature, digest } = index;
  const seenAt = new Date(services.facts.nowMs()).toISOString();
  const note: IndexNote = { mirror, suite, date, digest, seenAt, url, text, signature };
  await services.memory.keep(nameOf('index', mirror, suite), JSON.stringify(note));
}

/** Was the suite there when it was last asked for, and when was that? Null when it never was. */
export async function recallPresence(context: Context, mirror: string, suite: string): Promise<PresenceNote | null> {
  return await recall(context, nameOf('presence', mirror, suite), presenceNote);
}

export async function rememberPresence(
  context: Context,
  seen: { readonly mirror: string; readonly suite: string; readonly exists: boolean },
): Promise<void> {
  const { mirror, suite, exists } = seen;
  const { memory, facts } = context.services;
  const seenAt = new Date(facts.nowMs()).toISOString();
  await memory.keep(nameOf('presence', mirror, suite), JSON.stringify({ mirror, suite, exists, seenAt }));
}

/** Digest of the suite's index as it was last served, verified or not; null when it never was. */
export async function recallState(context: Context, mirror: string, suite: string): Promise<string | null> {
  return (await recall(context, nameOf('state', mirror, suite), stateNote))?.digest ?? null;
}

/** Nothing is written when it is known already. */
export async function rememberState(context: Context, seen: z.output<typeof stateNote>): Promise<void> {
  const { mirror, suite, digest } = seen;
  if ((await recallState(context, mirror, suite)) === digest) return;
  await context.services.memory.keep(nameOf('state', mirror, suite), JSON.stringify({ mirror, suite, digest }));
}

function nameOf(kind: 'index' | 'presence' | 'state', mirror: string, suite: string): string {
  return `archives/${sha256(Buffer.from(`${mirror} ${suite}`)).slice(0, 32)}.${kind}.json`;
}

/** A note that is torn or of another version is none. */
async function recall<T>({ services }: Context, name: string, schema: z.ZodType<T>): Promise<T | null> {
  const found = await services.memory.recall(name);
  if (found === null) return null;
  try {
    return schema.safeParse(JSON.parse(found.data.toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}
