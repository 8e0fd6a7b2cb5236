/** Turns "debian-12" into the digest of a verified index. Whatever depends on the day is settled here. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { judgeFreshness } from '../model/release-freshness.ts';
import type { ReleaseFile } from '../model/release-file.ts';
import type { Release } from '../model/release.ts';
import { archiveUrls, releaseOf, securityUrls } from '../model/releases.ts';
import { archiveUrlSchema, archSchema, imageSpecSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { archiveSchema, type Archive } from './lib/archive-schema.ts';
import { chooseKeyring, type ChosenKeyring } from './lib/choose-keyring.ts';
import { fetchIndex, verifyIndex, type SuiteIndex } from './lib/verify-index.ts';

const dayMs = 24 * 3600 * 1000;
/** A mirror that fell asleep still has a consistent, signed archive; one that is older than this may hide fixes. */
const staleDays = 30;

const input = z.strictObject({
  image: imageSpecSchema.describe('Image to build, such as debian-12'),
  arch: archSchema.describe('Debian architecture of the machine'),
  mirror: z
    .union([z.literal(''), archiveUrlSchema])
    .default('')
    .describe("Archive to read from; '' for the release's own"),
  keyring: z.string().default('').describe("Keyring to verify with; '' for the release's own"),
  components: z.array(z.string().min(1)).default([]).describe("Components to use; none for the release's default"),
  proxy: z.string().nullable().default(null).describe('Proxy to fetch through'),
});
type Input = z.output<typeof input>;

interface Found {
  readonly mirror: string;
  readonly archive: 'live' | 'archived';
  readonly index: SuiteIndex;
}

export const resolveArchive = defineStep({
  id: 'resolve-archive',
  summary: 'Find the archive and verify its index',
  version: 1,
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
    const release = releaseOf(codename, distro);
    const keyring = await chooseKeyring(context, release, input);
    const { mirror, archive, index } = await findSuite(context, release);
    // Side by side: what the other suites answer counts only once the index is verified.
    const [{ fingerprint, expired, release: file }, suites] = await Promise.all([
      verifyIndex(context, index, { keyring: keyring.path, mayBeExpired: archive === 'archived' }),
      otherSuites(context, release, { mirror, archive }, keyring),
    ]);
    if (expired)
      context.log.warn(`the key that signed ${codename} has expired: it is accepted, since the release is archived`);
    checkFreshness(context, file, index.url, archive);
    const components = checkContent(context, file, release, mirror);
    return {
      image,
      distro,
      codename,
      mirror,
      archive,
      keyring: keyring.path,
      keyringDigest: keyring.digest,
      ownKeyring: keyring.own,
      components: [...components],
      inReleaseDigest: index.digest,
      date: file.date,
      suites,
      verification: `archive-signature:${fingerprint}`,
    };
  },
});

/** The asked mirror, else the place by the table, else the other one. */
async function findSuite(context: Context<Input>, release: Release): Promise<Found> {
  const { input } = context;
  const urls = archiveUrls(release, input.arch);
  const other = release.archive === 'live' ? 'archived' : 'live';
  const places =
    input.mirror === ''
      ? ([release.archive, other] as const).map((archive) => ({ mirror: urls[archive], archive }))
      : [{ mirror: input.mirror, archive: release.archive }];
  for (const place of places) {
    const index = await fetchIndex(context, place.mirror, release.codename, input.proxy);
    if (index !== null) return { ...place, index };
  }
  throw fail('MSP_SUITE_NOT_FOUND', { suite: release.codename, mirror: places[0]?.mirror ?? '' });
}

function checkFreshness(
  { services, log, input }: Context<Input>,
  file: ReleaseFile,
  url: string,
  archive: Found['archive'],
): void {
  const nowMs = services.facts.nowMs();
  const suite = input.image.codename;
  const freshness = judgeFreshness(file, nowMs);
  if (freshness.state === 'clock-behind') {
    throw fail('MSP_CLOCK_WRONG', { now: new Date(nowMs).toISOString(), releaseDate: freshness.releaseDate, suite });
  }
  if (freshness.state === 'fresh' || archive === 'archived') return;
  const { validUntil } = freshness;
  const days = Math.floor((nowMs - Date.parse(validUntil)) / dayMs);
  if (days >= staleDays) throw fail('MSP_ARCHIVE_STALE', { suite, validUntil, url });
  log.warn(
    `the index of ${suite} was valid until ${validUntil}: the mirror is stale, or the clock is ahead. ` +
      `Its signature is right, so the build goes on; apt in the machine will complain until the mirror is fresh`,
  );
}

/** Gives the components to use. */
function checkContent(
  { input }: Context<Input>,
  file: ReleaseFile,
  release: Release,
  mirror: string,
): readonly string[] {
  const { codename } = release;
  if (file.codename !== codename && file.suite !== codename) {
    throw fail('MSP_RELEASE_INVALID', {
      url: mirror,
      problem: `it is the index of ${file.codename ?? file.suite ?? 'nothing'}, not of ${codename}`,
    });
  }
  const lacks = (what: string) => fail('MSP_ARCHIVE_LACKS', { suite: codename, mirror, what });
  if (!file.architectures.includes(input.arch)) throw lacks(`architecture ${input.arch}`);
  const asked = [...new Set(input.components)];
  const missing = asked.find((component) => !file.components.includes(component));
  if (missing !== undefined) throw lacks(`component '${missing}'`);
  if (asked.length > 0) return asked;
  const usual = release.components.default.filter((component) => file.components.includes(component));
  if (usual.length === 0) throw lacks(`component '${release.components.default.join("' or '")}'`);
  return usual;
}

async function otherSuites(
  context: Context<Input>,
  release: Release,
  main: { readonly mirror: string; readonly archive: Found['archive'] },
  keyring: ChosenKeyring,
): Promise<Archive['suites']> {
  const isOwnMirror = context.input.mirror !== '';
  const securityMirror = securityUrls(release, context.input.arch)?.[main.archive];
  // An own archive with an own key: what the public security archive signs means nothing there.
  const hasSecurity = release.security !== null && securityMirror !== undefined && !(isOwnMirror && keyring.own);
  const wanted = [
    ...(release.updatesSuite === null
      ? []
      : [{ role: 'updates' as const, suite: release.updatesSuite, mirror: main.mirror }]),
    ...(hasSecurity ? [{ role: 'security' as const, suite: release.security.suite, mirror: securityMirror }] : []),
  ];
  return await Promise.all(
    wanted.map(async (suite) => {
      // A private mirror may be all that can be reached; then the table has to do for the public security archive.
      const exists = (isOwnMirror && suite.role === 'security') || (await hasSuite(context, suite.mirror, suite.suite));
      if (!exists) context.log.warn(`${suite.mirror} has no ${suite.suite}: the machine does without it`);
      return { ...suite, exists };
    }),
  );
}

async function hasSuite({ services, input }: Context<Input>, mirror: string, suite: string): Promise<boolean> {
  for (const name of ['InRelease', 'Release']) {
    if (
      (await services.net.fetch(`${mirror}/dists/${suite}/${name}`, {
        proxy: input.proxy,
        maxBytes: 4 * 1024 * 1024,
      })) !== null
    )
      return true;
  }
  return false;
}
