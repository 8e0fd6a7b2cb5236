/** Looks at the image before anything slow: is it there, is it of the right kind, can it be verified, is there room? */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import type { Peeked } from '../host/net-services.ts';
import { compressionOf, formBytes, type ArchiveForm } from '../model/archive-form.ts';
import { archs, type Arch } from '../model/arch.ts';
import { parsePullSource, type PullSource } from '../model/pull-source.ts';
import { imageServer } from '../model/release-table.ts';
import { archSchema, machineNameSchema } from '../model/schemas.ts';
import { findStreamItem, productsPath } from '../model/simple-streams.ts';
import { defineStep, type Context } from './define-step.ts';
import { readNote, type UrlNote } from './lib/download-cache.ts';
import { evidenceOf, needsEvidence, requireEvidence, type Evidence } from './lib/evidence.ts';
import { findImageKeyring } from './lib/image-keyring.ts';
import { proxyOf } from './lib/proxy-option.ts';
import { foundImageSchema, type FoundImage } from './lib/pulled-image.ts';
import { requireFile } from './lib/require-file.ts';
import { requireForm } from './lib/require-form.ts';
import { requireRoom } from './lib/require-room.ts';
import { reserveName } from './lib/reserve-name.ts';
import { fetchSidecars } from './lib/sidecars.ts';

/** Compressed, they unpack to as much as tells what it is. */
const startBytes = 4 * formBytes;
/** But for bzip2, of which a block is up to 900 kB. */
const blockBytes = 1024 * 1024;

const input = z.strictObject({
  source: z.string().describe('http or https address, absolute path, - for standard input, or lxc:DISTRO/RELEASE'),
  wanted: z.enum(['tar', 'raw', 'any']).default('any').describe('Kind of image that is wanted'),
  name: machineNameSchema.nullable().default(null).describe('Name of the new machine; null for none'),
  replace: z.boolean().default(false).describe('May a machine of this name be replaced?'),
  arch: z
    .union([archSchema, z.literal('')])
    .default('')
    .describe("Architecture that is wanted; '' for any"),
  verify: z.enum(['auto', 'signature', 'checksum', 'no']).default('auto').describe('What will be verified'),
  sha256: z.string().default('').describe("SHA-256 that the file must have; '' for any"),
  keyring: z.string().default('').describe("Keyring with the publisher's keys; '' for systemd's"),
  imageServer: z.string().default('').describe("Server that lxc: names are looked up at; '' for the usual one"),
  proxy: z.string().default('').describe("Proxy, or none; '' for the environment's"),
  retries: z.number().int().min(0).default(4).describe('Further tries where the server does not answer'),
  noCache: z.boolean().default(false).describe('Use no earlier download'),
});
type Input = z.output<typeof input>;

export const probeImage = defineStep({
  id: 'probe-image',
  summary: 'Look at an image before it is fetched',
  version: 1,
  input,
  output: foundImageSchema,
  reuse: 'never',
  looksOnly: true,
  singleFlight: false,
  describe: ({ name, sizeBytes }) =>
    sizeBytes === null ? name : `${name}, ${Math.max(1, Math.round(sizeBytes / 1048576))} MiB`,

  async run(context) {
    await requireName(context);
    const { services, input } = context;
    if (input.keyring !== '' || input.verify === 'signature') await findImageKeyring(services, input);
    const { image, form } = await find(context, parsePullSource(input.source));
    await requireRoom(services, image, form);
    return image;
  },
});

async function requireName({ services, input }: Context<Input>): Promise<void> {
  const { name, replace } = input;
  if (name !== null) await reserveName(services, name);
  const taken = name === null ? null : await services.machines.find(name);
  if (taken === null || name === null) return;
  if (!replace) throw fail('MSP_MACHINE_EXISTS', { name, path: taken.path });
  if (taken.holder !== null) throw fail('MSP_MACHINE_RUNNING', { name, holder: taken.holder });
}

interface Found {
  readonly image: FoundImage;
  /** Null for what cannot be looked at twice. */
  readonly form: ArchiveForm | null;
}

async function find(context: Context<Input>, source: PullSource): Promise<Found> {
  if (source.kind === 'http') return await peekAt(context, source.url, { name: source.name });
  if (source.kind === 'server') return await findOnServer(context, source);
  const { services } = context;
  const none = { etag: null, lastModified: null, promised: null, arch: null, compression: null };
  if (source.kind === 'stdin') {
    await requireBeside(context, { kind: 'stdin', place: '-' });
    return { image: { kind: 'stdin', place: '-', name: source.name, sizeBytes: null, ...none }, form: null };
  }
  const root = services.root('/');
  await requireFile(services, source.path, { content: context.input.wanted, machine: context.input.name ?? '' });
  const start = await root.readStart(source.path, blockBytes);
  if (start === null) throw fail('MSP_FILE_UNREADABLE', { path: source.path, problem: 'there is no such file' });
  const form = await services.archives.recognize(start);
  await requireWanted(context, form, source.name);
  await requireBeside(context, { kind: 'file', place: source.path });
  const info = await services.files.info(source.path);
  const sizeBytes = info?.type === 'file' ? info.sizeBytes : null;
  return { image: { kind: 'file', place: source.path, name: source.name, sizeBytes, ...none }, form };
}

async function peekAt(
  context: Context<Input>,
  url: string,
  known: { readonly name: string; readonly promised?: string; readonly arch?: Arch },
): Promise<Found> {
  const { services, input } = context;
  const note = input.noCache ? null : await readNote(services, url);
  const beside = { kind: 'http', place: url, promised: known.promised ?? null } as const;
  // At once; what is wrong with the image itself is told first.
  const [peeking, looking] = await Promise.allSettled([peekStart(context, url, note), lookBeside(context, beside)]);
  if (peeking.status === 'rejected') throw peeking.reason;
  const peeked = peeking.value;
  // What is in the cache was looked at before, maybe for the other command.
  const start = peeked.isKnown && note !== null ? await cachedStart(context, note.sha256) : peeked.start;
  const form = await services.archives.recognize(start);
  await requireWanted(context, form, known.name);
  const place: FoundImage = {
    kind: 'http',
    place: url,
    name: known.name,
    sizeBytes: peeked.isKnown ? (note?.sizeBytes ?? null) : peeked.sizeBytes,
    etag: peeked.etag ?? (peeked.isKnown ? (note?.etag ?? null) : null),
    lastModified: peeked.lastModified ?? (peeked.isKnown ? (note?.lastModified ?? null) : null),
    promised: known.promised ?? null,
    arch: known.arch ?? null,
    compression: form.content === 'tar' ? form.compression : null,
  };
  if (looking.status === 'rejected') throw looking.reason;
  if (looking.value !== null) requireEvidence(looking.value, input, { ...beside, secure: peeked.secure });
  return { image: place, form };
}

async function peekStart({ services, input }: Context<Input>, url: string, known: UrlNote | null): Promise<Peeked> {
  const proxy = proxyOf(input.proxy);
  const peek = async (bytes: number) =>
    await services.net.peek(url, { bytes, known, retries: input.retries, ...(proxy !== undefined && { proxy }) });
  const peeked = await peek(startBytes);
  return compressionOf(peeked.start) === 'bzip2' ? await peek(blockBytes) : peeked;
}

async function cachedStart({ services }: Context<Input>, sha256: string): Promise<Buffer> {
  const path = `${services.directories.cache}/downloads/${sha256}`;
  return (await services.root('/').readStart(path, blockBytes)) ?? Buffer.alloc(0);
}

type Beside = Pick<FoundImage, 'kind' | 'place' | 'promised'>;

/** Null where it does not matter. */
async function lookBeside({ services, input }: Context<Input>, image: Beside): Promise<Evidence | null> {
  const isPromised = image.promised !== null && input.verify !== 'signature' && input.keyring === '';
  if (!needsEvidence(input) || isPromised) return null;
  const wish = { proxy: proxyOf(input.proxy), retries: input.retries };
  return evidenceOf(await fetchSidecars(services, image, wish), image);
}

/** For what is on this host. */
async function requireBeside(context: Context<Input>, image: Pick<Beside, 'kind' | 'place'>): Promise<void> {
  const evidence = await lookBeside(context, { ...image, promised: null });
  if (evidence !== null) requireEvidence(evidence, context.input, { ...image, promised: null, secure: true });
}

async function requireWanted({ services, input }: Context<Input>, form: ArchiveForm, name: string): Promise<void> {
  const { wanted, source, name: machine } = input;
  requireForm(form, wanted, { name, source, machine: machine ?? '', isStart: true });
  const isReady =
    wanted !== 'raw' || form.content !== 'qcow2' || (await services.facts.findProgram('qemu-img')) !== null;
  if (!isReady) throw fail('MSP_TOOL_MISSING', { tool: 'qemu-img', debianPackage: 'qemu-utils' });
}

async function findOnServer(context: Context<Input>, source: Extract<PullSource, { kind: 'server' }>): Promise<Found> {
  const { services, input } = context;
  const arch = source.arch ?? (input.arch || services.facts.arch);
  if (input.arch !== '' && arch !== input.arch)
    throw fail('MSP_PULL_ARCH', { name: source.name, arch, wanted: input.arch });
  const base = (input.imageServer || imageServer).replace(/\/+$/u, '');
  const proxy = proxyOf(input.proxy);
  const read = async (path: string) => {
    const url = `${base}/${path}`;
    const found = await services.net.fetch(url, proxy === undefined ? {} : { proxy });
    if (found === null) throw fail('MSP_PULL_INDEX', { url, problem: 'it is not there' });
    return { url, text: found.body.toString('utf8') };
  };
  const index = await read('streams/v1/index.json');
  const products = await read(productsPath(index.text, index.url));
  const { distro, release, name } = source;
  const content = input.wanted === 'raw' ? 'raw' : 'tar';
  const item = findStreamItem(products.text, products.url, {
    name,
    distro,
    release,
    arch,
    variant: source.variant ?? 'default',
    content,
  });
  const known = archs.find((one) => one === arch);
  // An index that came over plain http promises nothing.
  const isTrusted = base.startsWith('https:');
  return await peekAt(context, `${base}/${item.path}`, {
    name,
    ...(isTrusted && { promised: item.sha256 }),
    ...(known !== undefined && { arch: known }),
  });
}
