/** Which suites the machine's apt is told of beside the main one, and whether the archives have them. */
import { fail } from '../../errors/machinespawn-error.ts';
import { snapshotArchive } from '../../model/release-table.ts';
import type { Release } from '../../model/release.ts';
import { securityUrls } from '../../model/releases.ts';
import type { Context } from '../define-step.ts';
import { recallPresence, rememberPresence } from './archive-memory.ts';
import type { Archive } from './archive-schema.ts';
import type { ArchiveWishes, FoundSuite } from './find-suite.ts';

export type SuiteRole = Archive['suites'][number]['role'];

export interface SuiteWishes extends ArchiveWishes {
  /** Null for the usual ones, which may be absent; what is asked for has to be there. */
  readonly roles: readonly SuiteRole[] | null;
  /** Is the keyring another one than the release's? */
  readonly ownKeyring: boolean;
}

const dayMs = 24 * 3600 * 1000;
const usualRoles: readonly SuiteRole[] = ['updates', 'security'];

interface Wanted {
  readonly role: SuiteRole;
  readonly suite: string;
  readonly mirror: string;
}

/** Throws MSP_ARCHIVE_LACKS for a suite that was asked for by name. */
export async function otherSuites(
  context: Context,
  release: Release,
  main: Pick<FoundSuite, 'mirror' | 'archive'>,
  wishes: SuiteWishes,
): Promise<Archive['suites']> {
  const all = suitesOf(release, main, wishes);
  const roles = wishes.roles ?? usualRoles;
  const lacking = wishes.roles?.find((role) => !all.some((suite) => suite.role === role));
  if (lacking !== undefined) {
    throw fail('MSP_ARCHIVE_LACKS', { suite: release.codename, mirror: main.mirror, what: `suite for ${lacking}` });
  }
  return await Promise.all(
    all
      .filter(({ role }) => roles.includes(role))
      .map(async (suite) => {
        const exists = await isThere(context, suite, wishes);
        if (exists) return { ...suite, exists };
        if (wishes.roles !== null)
          throw fail('MSP_ARCHIVE_LACKS', {
            suite: release.codename,
            mirror: suite.mirror,
            what: `suite ${suite.suite}`,
          });
        context.log.warn(`${suite.mirror} has no ${suite.suite}: the machine does without it`);
        return { ...suite, exists };
      }),
  );
}

function suitesOf(
  release: Release,
  main: Pick<FoundSuite, 'mirror' | 'archive'>,
  { arch, mirror, snapshot, ownKeyring }: SuiteWishes,
): readonly Wanted[] {
  const securityMirror =
    snapshot === ''
      ? securityUrls(release, arch)?.[main.archive]
      : snapshotArchive(release.distro, 'security', snapshot);
  // An own archive with an own key: what the public security archive signs means nothing there.
  const hasSecurity = release.security !== null && !(mirror !== '' && ownKeyring);
  const of = (role: SuiteRole, suite: string | null | undefined, where: string | undefined): readonly Wanted[] =>
    suite === null || suite === undefined || where === undefined ? [] : [{ role, suite, mirror: where }];
  return [
    ...of('updates', release.updatesSuite, main.mirror),
    ...of('security', hasSecurity ? release.security?.suite : null, securityMirror),
    ...of('backports', release.backportsSuite, main.mirror),
  ];
}

async function isThere(
  context: Context,
  { role, suite, mirror }: Wanted,
  { mirror: asked, proxy, offline }: SuiteWishes,
): Promise<boolean> {
  // A private mirror may be all that can be reached; then the table has to do for the public security archive.
  if (asked !== '' && role === 'security') return true;
  const last = await recallPresence(context, mirror, suite);
  if (offline) return last?.exists ?? false;
  // Asking costs as much as all the rest of this step, and a suite does not go from one hour to the next.
  const ageMs = last === null ? Number.NaN : context.services.facts.nowMs() - Date.parse(last.seenAt);
  if (last?.exists === true && ageMs >= 0 && ageMs < dayMs) return true;
  const has = async (name: string) =>
    await context.services.net.exists(`${mirror}/dists/${suite}/${name}`, { proxy, maxBytes: 4 * 1024 * 1024 });
  const exists = (await has('InRelease')) || (await has('Release'));
  await rememberPresence(context, { mirror, suite, exists });
  return exists;
}
