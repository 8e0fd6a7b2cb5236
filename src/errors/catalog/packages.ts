import { entry } from '../entry.ts';

/** Choosing packages from an archive's indexes, and fetching them. */
export const packageErrors = {
  MSP_PACKAGES_INVALID: entry<{ url: string; problem: string }>({
    exit: 7,
    message: ({ url, problem }) => `${url} is no list of packages that can be used: ${problem}`,
    hint: () => 'the archive itself is broken: use another one with --mirror URL',
  }),
  MSP_PACKAGES_MISSING: entry<{ url: string }>({
    exit: 7,
    message: ({ url }) => `${url} is in the signed index, and the mirror does not have it`,
    hint: () => 'the mirror may be in the middle of an update: try again later, or use another --mirror',
  }),
  MSP_PACKAGE_VERSION_UNKNOWN: entry<{ package: string; versions: readonly string[] }>({
    exit: 7,
    message: ({ package: asked, versions }) => `there is no ${asked}, only ${versions.join(', ')}`,
    hint: () => 'ask for one of these in --include, or for the name alone; the archive of a past day: --snapshot DATE',
  }),
  MSP_DEPENDENCY_UNMET: entry<{ package: string; version: string; relation: string; problem: string; suite: string }>({
    exit: 7,
    message: ({ package: name, version, relation, problem, suite }) =>
      `${name} ${version} of ${suite} needs ${relation}: ${problem}`,
    hint: () => 'another --include, --components or --mirror, or the same later: the archive may be in a transition',
  }),
  MSP_PACKAGES_CONFLICT: entry<{ package: string; version: string; relation: string; other: string; suite: string }>({
    exit: 7,
    message: ({ package: name, version, relation, other }) =>
      `${name} ${version} cannot be together with ${other}: it ${relation}`,
    hint: () => 'leave one of them out of --include',
  }),
  MSP_SELECTION_MISSING: entry<{ path: string; problem: string }>({
    exit: 1,
    message: ({ path, problem }) => `the list of chosen packages ${path} cannot be used: ${problem}`,
    hint: () => 'choose them again: the same command with --no-cache',
  }),
  MSP_PACKAGE_GONE: entry<{ package: string; version: string; urls: readonly string[] }>({
    exit: 7,
    message: ({ package: name, version, urls }) =>
      `${name} ${version} is in the index, but no longer in the archive: ${urls.join(', ')}`,
    hint: () => 'the archive was updated: the same command again reads the new index',
  }),
} as const;
