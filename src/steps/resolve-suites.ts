/** Verifies the indexes of the suites beside the main one, so that packages can be chosen from them too. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { defineStep } from './define-step.ts';
import { archiveSchema } from './lib/archive-schema.ts';
import { suiteSchema, type Suite } from './lib/suite-schema.ts';
import { fetchIndex, verifyIndex } from './lib/verify-index.ts';

const input = z.strictObject({
  archive: archiveSchema,
  roles: z
    .array(z.enum(['updates', 'security', 'backports']))
    .describe('What the suites bring; a release may have none of a kind'),
  proxy: z.string().nullable().default(null).describe('Proxy to fetch through'),
});

export const resolveSuites = defineStep({
  id: 'resolve-suites',
  summary: 'Verify the indexes of further suites',
  version: 1,
  input,
  output: z.strictObject({
    suites: z.array(suiteSchema).describe('Those that there are, in the order of the archive'),
  }),
  reuse: 'never',
  looksOnly: true,
  needs: { tools: ['gpgv'] },
  describe: ({ suites }) => (suites.length === 0 ? 'there are none' : suites.map(({ suite }) => suite).join(', ')),

  async run(context) {
    const { archive, roles, proxy } = context.input;
    const suites: Suite[] = [];
    // One after the other: the verifier finds each index at the same place in scratch.
    for (const { role, suite, mirror, exists } of archive.suites) {
      if (!exists || !roles.some((wanted) => wanted === role)) continue;
      const index = await fetchIndex(context, mirror, suite, proxy);
      if (index === null) throw fail('MSP_SUITE_NOT_FOUND', { suite, mirror });
      const mayBeExpired = archive.archive === 'archived';
      const { release } = await verifyIndex(context, index, { keyring: archive.keyring, mayBeExpired });
      // A signed index of something else would be an old one in disguise.
      if (![release.codename, release.suite].some((name) => isName(name, suite))) {
        const problem = `it is the index of ${release.codename ?? release.suite ?? 'nothing'}, not of ${suite}`;
        throw fail('MSP_RELEASE_INVALID', { url: index.url, problem });
      }
      suites.push({ suite, mirror, inReleaseDigest: index.digest });
    }
    return { suites };
  },
});

/** Security archives before bullseye say "buster" for what is asked for as "buster/updates". */
function isName(name: string | null, suite: string): boolean {
  return name === suite || (suite.endsWith('/updates') && `${name}/updates` === suite);
}
