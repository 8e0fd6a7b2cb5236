/** Chooses the proxy for downloads: asked for, else the environment's, else the one of the host's apt. */
import { z } from 'zod';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { expectedArchive, releaseOf } from '../model/releases.ts';
import { imageSpecSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';

const input = z.strictObject({
  proxy: z.string().default('auto').describe('auto, none, or the URL of a proxy'),
  image: imageSpecSchema.describe('Image whose archive is read'),
  mirror: z.string().default('').describe("Archive that is read; '' for the image's own"),
});
type Input = z.output<typeof input>;

interface Choice {
  readonly url: string | null;
  readonly reason: string;
}

export const detectProxy = defineStep({
  id: 'detect-proxy',
  summary: 'Choose the proxy for downloads',
  version: 1,
  input,
  output: z.strictObject({
    // It may hold a password, so nothing prints it.
    url: z.string().nullable().describe('Proxy, or null for none'),
    reason: z.string().describe('Why this one'),
  }),
  reuse: 'never',
  looksOnly: true,
  singleFlight: false,
  describe: ({ url, reason }) => (url === null ? `direct (${reason})` : `${new URL(url).host} (${reason})`),

  async run(context) {
    const { proxy } = context.input;
    if (proxy === 'none') return { url: null, reason: 'as asked' };
    if (proxy !== 'auto' && proxy !== '') return { url: parseProxy(proxy, '--proxy'), reason: 'as asked' };
    return fromEnvironment(context) ?? (await fromApt(context)) ?? { url: null, reason: 'none found' };
  },
});

function fromEnvironment({ services }: Context<Input>): Choice | null {
  const url = services.facts.env('http_proxy');
  return url === undefined || url === ''
    ? null
    : { url: parseProxy(url, 'http_proxy'), reason: 'from the environment' };
}

async function fromApt(context: Context<Input>): Promise<Choice | null> {
  const { services, input } = context;
  if ((await services.facts.findProgram('apt-config')) === null) return null;
  const { stdout } = await services.exec({ file: 'apt-config', args: ['dump'], reads: true, sandbox: false });
  const settings = new Map(
    [...stdout.matchAll(/^(\S+) "(.*)";$/gmu)].map(([, key = '', value = '']) => [key.toLowerCase(), value]),
  );
  const mirror =
    input.mirror === ''
      ? expectedArchive(releaseOf(input.image.codename, input.image.distro), services.facts.arch)
      : input.mirror;
  const host = URL.canParse(mirror) ? new URL(mirror).hostname : '';
  const given = settings.get(`acquire::http::proxy::${host}`) ?? settings.get('acquire::http::proxy') ?? '';
  if (given.toUpperCase() === 'DIRECT') return { url: null, reason: "the host's apt configuration says so" };
  if (given !== '')
    return { url: parseProxy(given, "the host's apt configuration"), reason: "from the host's apt configuration" };
  const detector = settings.get('acquire::http::proxy-auto-detect') || settings.get('acquire::http::proxyautodetect');
  return detector === undefined || detector === '' ? null : await askDetector(context, detector, mirror);
}

/** As apt does it: the detector gets the address and prints a proxy, DIRECT or nothing. */
async function askDetector(
  { services, log }: Context<Input>,
  detector: string,
  mirror: string,
): Promise<Choice | null> {
  try {
    const { stdout } = await services.exec({ file: detector, args: [mirror], reads: true, timeoutMs: 5000 });
    const answer = stdout.trim().split('\n').at(-1)?.trim() ?? '';
    if (answer === '') return null;
    if (answer.toUpperCase() === 'DIRECT') return { url: null, reason: `${detector} says so` };
    return { url: parseProxy(answer, detector), reason: `from ${detector}` };
  } catch (error) {
    if (!MachinespawnError.is(error) || error.code === 'MSP_CANCELLED') throw error;
    log.warn(`the proxy detector ${detector} failed, so no proxy is used: ${error.message.split('\n')[0]}`);
    return null;
  }
}

function parseProxy(text: string, source: string): string {
  if (/^https?:\/\/[^\s'"]+$/u.test(text) && URL.canParse(text)) return text;
  throw fail('MSP_USAGE', {
    problem: `the proxy that ${source} names is not a URL: '${text}'`,
    hint: '--proxy none, or --proxy http://HOST:PORT',
  });
}
