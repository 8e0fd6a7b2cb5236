/** Decides by which way the machine is bootstrapped, and says why. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { bootstrapWays, chooseWay as choose, twinScope, twinScopes } from '../model/bootstrap-way.ts';
import { archSchema, variantSchema } from '../model/schemas.ts';
import { twinPackages } from '../model/twin-packages.ts';
import { defineStep } from './define-step.ts';

const scopeWords = { all: '', required: ', but for what --include brings' };

export const chooseWay = defineStep({
  id: 'choose-way',
  summary: 'Choose the way to bootstrap',
  version: 2,
  input: z.strictObject({
    with: z
      .enum([...bootstrapWays, 'auto'])
      .default('auto')
      .describe('The way that is asked for; auto for the fastest right one'),
    codename: z.string().describe('Codename of the release'),
    arch: archSchema.describe("The machine's architecture"),
    hostArch: archSchema.describe("The host's architecture"),
    emulated: z.boolean().describe("Do the machine's programs need an emulator?"),
    variant: variantSchema.default('default'),
    include: z.array(z.string()).default([]).describe('More packages'),
    exclude: z.array(z.string()).default([]).describe('Packages to leave out'),
  }),
  output: z.strictObject({
    way: z.enum(bootstrapWays).describe('The way'),
    why: z.string().describe('Why this one'),
    twin: z.boolean().describe("Do the host architecture's programs stand in for emulated ones?"),
    twinScope: z.enum(twinScopes).describe("Whose scripts see them: all packages', or only the required ones'"),
    twinPackages: z.array(z.string()).describe('Packages that they come from; none where none do'),
  }),
  reuse: 'never',
  looksOnly: true,
  singleFlight: false,
  describe: ({ way, why, twin, twinScope: scope }) =>
    `${way}: ${why}${twin ? `, with native programs in place of emulated ones${scopeWords[scope]}` : ''}`,

  async run({ services, input }) {
    const { way, why } = choose(input);
    // The other tools are for every machine; this one only for who asks for it.
    if (way === 'mmdebstrap' && (await services.facts.findProgram('mmdebstrap')) === null)
      throw fail('MSP_TOOL_MISSING', { tool: 'mmdebstrap', debianPackage: 'mmdebstrap' });
    const scope = way === 'fast' && input.emulated ? twinScope(input) : null;
    const twin = scope !== null;
    return { way, why, twin, twinScope: scope ?? 'required', twinPackages: twin ? [...twinPackages] : [] };
  },
});
