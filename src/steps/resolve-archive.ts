/** Turns "debian-12" into the digest of a verified index. Whatever depends on the day is settled here. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { isUnknownRelease, releaseOf } from '../model/releases.ts';
import { archiveUrlSchema, archSchema, imageSpecSchema, snapshotSchema } from '../model/schemas.ts';
import { snapshotMs } from '../model/snapshot-moment.ts';
import { defineStep, type Context } from './define-step.ts';
import { checkReplay, recallIndex, rememberIndex } from './lib/archive-memory.ts';
import { archiveSchema, suiteRoleSchema, type Archive } from './lib/archive-schema.ts';
import { checkContent, checkFreshness } from './lib/check-index.ts';
import { chooseKeyring } from './lib/choose-keyring.ts';
import { findSuite } from './lib/find-suite.ts';
import { otherSuites } from './lib/other-suites.ts';
import { verifyIndex } from './lib/verify-index.ts';

const input = z.strictObject({
  image: imageSpecSchema.describe('Image to build, such as debian-12'),
  arch: archSchema.describe('Debian architecture of the machine'),
  mirror: z
    .union([z.literal(''), archiveUrlSchema])
    .default('')
    .describe("Archive to read from; '' for the release's own"),
  snapshot: z
    .union([z.literal(''), snapshotSchema])
    .default('')
    .describe("The archive as it was at this moment, such as 20261101T000000Z; '' for today's"),
  keyring: z.string().default('').describe("Keyring to verify with; '' for the release's own"),
  components: z.array(z.string().min(1)).default([]).describe("Components to use; none for the release's default"),
  suites: z
    .array(z.union([suiteRoleSchema, z.literal('none')]))
    .default([])
    .describe("Suites beside the main one; none for updates and security, 'none' for no other at all"),
  eolApt: z
    .enum(['trusted', 'refuse'])
    .default('trusted')
    .describe("Where the archive's key has expired: does the machine's apt trust it unverified, or refuse it?"),
  checkValidUntil: z
    .enum(['yes', 'no'])
    .default('yes')
    .describe("Is an index that is over refused? 'no' for an archive that nobody signs anew, such as a frozen mirror"),
  proxy: z.string().nullable().default(null).describe('Proxy to fetch through'),
  offline: z.boolean().default(false).describe('Use only what was seen before; ask nobody'),
});
type Input = z.output<typeof input>;

export const resolveArchive = defineStep({
  id: 'resolve-archive',
  summary: 'Find the archive and verify its index',
  version: 3,
  input,
  output: archiveSchema,
  reuse: 'never',
  looksOnly: true,
  needs: { tools: ['gpgv'] },
  describe: ({ codename, date, mirror }) =>
    `${codename} of ${date.slice(0, 10)} at ${mirror.replace(/^[a-z]+:\/\//u, '')}, signature verified`,

  async run(context): Promise<Archive> {
    const { input } = context;
    const { codename, image, distro } = input.image;
    checkWishes(context);
    const release = releaseOf(codename, distro);
    if (isUnknownRelease(release)) {
      context.log.warn(`nothing is known of ${image}: it is built as the newest release of its distribution would be`);
    }
    const keyring = await chooseKeyring(context, release, input);
    const { mirror, archive, index } = await findSuite(context, release, input);
    const roles = input.suites.length === 0 ? null : input.suites.filter((role) => role !== 'none');
    const last = await recallIndex(context, mirror, codename);
    // Side by side: what the other suites answer counts only once the index is verified.
    const [{ fingerprint, expired, release: file }, suites] = await Promise.all([
      verifyIndex(context, index, { keyring: keyring.path, mayBeExpired: release.archive === 'archived' }),
      otherSuites(context, release, { mirror, archive }, { ...input, roles, ownKeyring: keyring.own }),
    ]);
    const checkValidUntil = input.checkValidUntil === 'yes' && input.snapshot === '';
    const isFrozen = archive === 'archived' || !checkValidUntil || input.offline;
    checkFreshness(context, file, { suite: codename, index, isFrozen });
    const components = checkContent(file, release, { ...input, mirror });
    await checkReplay(context, last, file);
    await rememberIndex(context, last, { mirror, suite: codename, index, date: file.date });
    const trusted = expired && input.eolApt === 'trusted';
    if (expired) sayExpired(context, trusted);
    return {
      image,
      distro,
      codename,
      mirror,
      archive,
      snapshot: input.snapshot === '' ? null : input.snapshot,
      keyring: keyring.path,
      keyringDigest: keyring.digest,
      ownKeyring: keyring.own,
      trusted,
      checkValidUntil,
      components: [...components],
      inReleaseDigest: index.digest,
      date: file.date,
      suites,
      verification: `archive-signature:${fingerprint}`,
    };
  },
});

/** Throws MSP_USAGE. */
function checkWishes({ input, services }: Context<Input>): void {
  const { snapshot, mirror, suites } = input;
  const refuse = (problem: string, hint: string) => fail('MSP_USAGE', { problem, hint });
  if (snapshot !== '' && mirror !== '')
    throw refuse('a snapshot and a mirror are asked for', 'name the snapshot as the mirror, or leave one of them out');
  if (snapshot !== '' && snapshotMs(snapshot) > services.facts.nowMs())
    throw refuse(`the snapshot ${snapshot} is still to come`, 'name a day of the past');
  if (suites.includes('none') && suites.length > 1)
    throw refuse("'none' and other suites are asked for", 'leave one of them out');
}

function sayExpired({ log, input }: Context<Input>, trusted: boolean): void {
  const inside = trusted
    ? "apt in the machine would refuse it, so its sources say 'trusted': apt there verifies nothing (--eol-apt refuse leaves that out)"
    : 'apt in the machine will refuse its archive';
  log.warn(
    `the key that signed ${input.image.codename} has expired: it is accepted, since the release is archived; ${inside}`,
  );
}
