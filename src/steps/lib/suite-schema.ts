/** A suite beside the main one, as resolve-suites found it. */
import { z } from 'zod';

export const suiteSchema = z
  .strictObject({
    suite: z.string().describe('Name, such as bookworm-security'),
    mirror: z.string().describe('Archive that has it'),
    inReleaseDigest: z.string().describe('SHA-256 of its signed index'),
  })
  .describe('A suite, its index verified');

export type Suite = z.output<typeof suiteSchema>;
