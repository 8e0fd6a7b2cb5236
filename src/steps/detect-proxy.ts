/** Chooses the proxy for downloads: asked for, else the one this host is set up with, else one that is found near. */
import { z } from 'zod';
import { expectedArchive, releaseOf } from '../model/releases.ts';
import { isLoopback, parseProxyUrl } from '../model/package-proxy.ts';
import { imageSpecSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { configuredProxy, type ConfiguredProxy } from './lib/configured-proxy.ts';
import { findProxy } from './lib/find-proxy.ts';
import { judgeProxy } from './lib/judge-proxy.ts';

const input = z.strictObject({
  proxy: z.string().default('auto').describe('auto, none, or the URL of a proxy'),
  image: imageSpecSchema
    .nullable()
    .default(null)
    .describe('Image whose archive is read; null for a command in a machine'),
  mirror: z.string().default('').describe("Archive that is read; '' for the image's own"),
});
type Input = z.output<typeof input>;

const output = z.strictObject({
  url: z.string().nullable().describe('Proxy without user and password, or null for none'),
  reason: z.string().describe('Why this one'),
  use: z.enum(['everything', 'packages']).describe('What it is for'),
});
type Choice = z.output<typeof output>;

export const detectProxy = defineStep({
  id: 'detect-proxy',
  summary: 'Choose the proxy for downloads',
  version: 1,
  input,
  output,
  reuse: 'never',
  looksOnly: true,
  singleFlight: false,
  // The proxy is a way, and no part of what is fetched.
  identity: ({ image, mirror }) => ({ image, mirror }),
  describe: ({ url, reason }) => (url === null ? `direct (${reason})` : `${new URL(url).host} (${reason})`),

  async run(context): Promise<Choice> {
    const { input, services } = context;
    const { proxy } = input;
    if (proxy === 'none') return { url: null, reason: 'as asked', use: 'packages' };
    const mirror = mirrorOf(context);
    if (proxy === 'auto' || proxy === '') return await choose(context, mirror);
    const url = services.proxies.hide(parseProxyUrl(proxy, '--proxy'));
    const fault = await judgeProxy(services, { proxy: url, source: '--proxy', url: releaseUrl(context, mirror) });
    if (fault !== null) throw fault;
    return { url, reason: 'as asked', use: 'everything' };
  },
});

async function choose(context: Context<Input>, mirror: string): Promise<Choice> {
  const none = (reason: string): Choice => ({ url: null, reason, use: 'packages' });
  if (mirror.startsWith('file:')) return none('the archive is on this host');
  const configured = await configuredProxy(context, mirror);
  if (configured !== null) return await checked(context, configured, mirror);
  // They would have to break the encryption, and nobody else can reach this host's own address.
  if (mirror.startsWith('https:')) return none('the archive is read by https');
  if (mirror !== '' && isLoopback(new URL(mirror).hostname)) return none('the archive is on this host');
  const found = await findProxy(context, { url: releaseUrl(context, mirror), near: context.input.image === null });
  return found === null ? none('none found') : { ...found, use: 'packages' };
}

/** What is set up but does not work is left at once; one that wants a password is an error, for that can be mended. */
async function checked(context: Context<Input>, configured: ConfiguredProxy, mirror: string): Promise<Choice> {
  const { services, log } = context;
  const { reason, source, use } = configured;
  if (configured.url === null) return { url: null, reason, use };
  const url = services.proxies.hide(configured.url);
  // A command in a machine gets the environment's as it is.
  if (context.input.image === null && use === 'everything') return { url, reason, use };
  const fault = await judgeProxy(services, { proxy: url, source, url: releaseUrl(context, mirror) });
  if (fault === null) return { url, reason, use };
  if (fault.code === 'MSP_PROXY_AUTH' && context.input.image !== null) throw fault;
  log.warn(`${fault.message}: it is not used`);
  return { url: null, reason: `the one of ${source} does not work`, use };
}

function mirrorOf({ input, services }: Context<Input>): string {
  if (input.mirror !== '' || input.image === null) return input.mirror;
  return expectedArchive(releaseOf(input.image.codename, input.image.distro), services.facts.arch);
}

function releaseUrl({ input }: Context<Input>, mirror: string): string | null {
  return input.image === null || !URL.canParse(mirror) ? null : `${mirror}/dists/${input.image.codename}/InRelease`;
}
