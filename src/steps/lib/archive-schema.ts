/** What resolve-archive found out, as the steps after it take it. */
import { z } from 'zod';

export const suiteRoleSchema = z.enum(['updates', 'security', 'backports']);

const suite = z.strictObject({
  role: suiteRoleSchema.describe('What it brings'),
  suite: z.string().describe('Name, such as bookworm-security'),
  mirror: z.string().describe('Archive that has it'),
  exists: z.boolean().describe('Is it there?'),
});

export const archiveSchema = z
  .strictObject({
    image: z.string().describe('Canonical name of the image, such as debian-12'),
    distro: z.enum(['debian', 'ubuntu']).describe('Distribution'),
    codename: z.string().describe('Codename of the release, which is the name of its suite'),
    mirror: z.string().describe('Archive to read from'),
    archive: z.enum(['live', 'archived']).describe('Is it the living archive, or the one of old releases?'),
    snapshot: z.string().nullable().describe('The moment of the past that it is of, such as 20261101T000000Z'),
    keyring: z.string().describe('Keyring on the host that the archive is verified with'),
    keyringDigest: z.string().describe('SHA-256 of the keyring'),
    ownKeyring: z.boolean().describe('Is the keyring another one than the release has?'),
    trusted: z
      .boolean()
      .describe("Does the machine's apt have to trust the archive unverified, its key having expired?"),
    checkValidUntil: z.boolean().describe("Is an index that is over refused, by the machine's apt too?"),
    components: z.array(z.string()).describe('Components to use'),
    inReleaseDigest: z.string().describe('SHA-256 of the signed index: it decides what is built'),
    date: z.string().describe('When the index was made'),
    suites: z.array(suite).describe('Suites beside the main one'),
    verification: z.string().describe('How the index was verified, with the fingerprint of the key'),
  })
  .describe('The archive, as resolve-archive found it');

export type Archive = z.output<typeof archiveSchema>;
