/** Looks whether a verified index is of the right time, and whether it has what is asked for. */
import { fail } from '../../errors/machinespawn-error.ts';
import type { Arch } from '../../model/arch.ts';
import type { ReleaseFile } from '../../model/release-file.ts';
import { judgeFreshness } from '../../model/release-freshness.ts';
import type { Release } from '../../model/release.ts';
import type { Context } from '../define-step.ts';
import type { SuiteIndex } from './verify-index.ts';

const dayMs = 24 * 3600 * 1000;
/** A mirror that fell asleep still has a consistent, signed archive; one that is older than this may hide fixes. */
const staleDays = 30;

/** `isFrozen`: nobody signs that index anew, so that its end says nothing. Throws MSP_CLOCK_WRONG, MSP_ARCHIVE_STALE. */
export function checkFreshness(
  { services, log }: Context,
  file: ReleaseFile,
  { suite, index, isFrozen }: { readonly suite: string; readonly index: SuiteIndex; readonly isFrozen: boolean },
): void {
  const nowMs = services.facts.nowMs();
  const freshness = judgeFreshness(file, nowMs);
  if (freshness.state === 'clock-behind') {
    throw fail('MSP_CLOCK_WRONG', { now: new Date(nowMs).toISOString(), releaseDate: freshness.releaseDate, suite });
  }
  if (freshness.state === 'fresh' || isFrozen) return;
  const { validUntil } = freshness;
  const now = new Date(nowMs).toISOString();
  const { servedAt, url } = index;
  // The server's word is not signed, so it may only blame the clock, never call an index fresh.
  const isClockAhead = servedAt !== undefined && nowMs - Date.parse(servedAt) > dayMs;
  if (isClockAhead) throw fail('MSP_CLOCK_WRONG', { now, releaseDate: file.date, suite, serverDate: servedAt });
  const days = Math.floor((nowMs - Date.parse(validUntil)) / dayMs);
  if (days >= staleDays) throw fail('MSP_ARCHIVE_STALE', { suite, validUntil, url });
  log.warn(
    `the index of ${suite} was valid until ${validUntil}: the mirror is stale${servedAt === undefined ? ', or the clock is ahead' : ''}. ` +
      `Its signature is right, so the build goes on; apt in the machine will complain until the mirror is fresh`,
  );
}

/** Gives the components to use. Throws MSP_RELEASE_INVALID, MSP_ARCHIVE_LACKS. */
export function checkContent(
  file: ReleaseFile,
  release: Release,
  {
    mirror,
    arch,
    components,
  }: { readonly mirror: string; readonly arch: Arch; readonly components: readonly string[] },
): readonly string[] {
  const { codename } = release;
  if (file.codename !== codename && file.suite !== codename) {
    throw fail('MSP_RELEASE_INVALID', {
      url: mirror,
      problem: `it is the index of ${file.codename ?? file.suite ?? 'nothing'}, not of ${codename}`,
    });
  }
  const lacks = (what: string) => fail('MSP_ARCHIVE_LACKS', { suite: codename, mirror, what });
  if (!file.architectures.includes(arch)) throw lacks(`architecture ${arch}`);
  const asked = [...new Set(components)];
  const missing = asked.find((component) => !file.components.includes(component));
  if (missing !== undefined) throw lacks(`component '${missing}'`);
  if (asked.length > 0) return asked;
  const usual = release.components.default.filter((component) => file.components.includes(component));
  if (usual.length === 0) throw lacks(`component '${release.components.default.join("' or '")}'`);
  return usual;
}
