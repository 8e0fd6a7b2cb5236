/** Verifies the image by what stands beside it: a bad signature or checksum always fails, and its bytes are not kept. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { checksumOf } from '../model/checksum-file.ts';
import { armored, splitClearSigned } from '../model/clear-signed.ts';
import { defineStep, type Context } from './define-step.ts';
import { checkSignature } from './lib/check-signature.ts';
import { forgetImage, readNote, writeNote } from './lib/download-cache.ts';
import { proxyOf } from './lib/proxy-option.ts';
import { pulledImageSchema } from './lib/pulled-image.ts';
import { fetchSidecars, fileName, isSignature, type Sidecar, type Sidecars } from './lib/sidecars.ts';

/** Keys of the publishers of images, as systemd's own importer uses them; the administrator's come first. */
const usualKeyrings = [
  '/etc/systemd/import-pubring.gpg',
  '/usr/lib/systemd/import-pubring.pgp',
  '/usr/lib/systemd/import-pubring.gpg',
];

const input = z.strictObject({
  image: pulledImageSchema,
  verify: z
    .enum(['auto', 'signature', 'checksum', 'no'])
    .default('auto')
    .describe('What must be there: auto takes what is there, and over plain http something must be'),
  sha256: z.string().default('').describe("SHA-256 that the file must have; '' for any"),
  keyring: z.string().default('').describe("Keyring with the publisher's keys; '' for systemd's"),
  proxy: z.string().default('').describe("Proxy, or none; '' for the environment's"),
});
type Input = z.output<typeof input>;

const output = z.strictObject({
  level: z.enum(['signature', 'checksum', 'none']).describe('What was verified'),
  verification: z.string().describe('The same in words, with the fingerprint of the key'),
  sha256: z.string().describe('SHA-256 of the image'),
});
type Output = z.output<typeof output>;

export const verifyImage = defineStep({
  id: 'verify-image',
  summary: 'Verify an image by its signature or checksum',
  version: 2,
  input,
  output,
  reuse: 'run',
  describe: ({ verification }) => verification,

  async run(context) {
    const result = await judge(context);
    const note =
      context.input.image.kind === 'http' ? await readNote(context.services, context.input.image.place) : null;
    if (note !== null && note.sha256 === result.sha256)
      await writeNote(context.services, { ...note, verification: result.verification });
    return result;
  },
});

async function judge(context: Context<Input>): Promise<Output> {
  const { services, input, log } = context;
  const { image, verify } = input;
  const { sha256 } = image;
  const pinned = input.sha256.toLowerCase();
  if (pinned !== '' && pinned !== sha256) await refuseChecksum(context, pinned, '--sha256');
  const isPinned = pinned !== '';
  if (verify === 'no') {
    if (isPinned) return { level: 'checksum', verification: 'checksum:--sha256', sha256 };
    log.warn(`${image.name} was not verified, as asked`);
    return { level: 'none', verification: 'none', sha256 };
  }
  if (isPinned && verify !== 'signature' && input.keyring === '')
    return { level: 'checksum', verification: 'checksum:--sha256', sha256 };
  const sidecars = await fetchSidecars(services, image, proxyOf(input.proxy));
  const signed = await findSignature(context, sidecars);
  // What is there must be right, beside a good signature, too.
  const by = await findChecksum(context, sidecars);
  if (signed !== null) return { level: 'signature', verification: `signature:${signed}`, sha256 };
  if (verify === 'signature' || input.keyring !== '')
    throw fail('MSP_VERIFY_MISSING', { url: image.place, wanted: 'signature' });
  if (by !== null) {
    if (!by.secure)
      log.warn(`${by.name} came over plain http, too: it guards against damage, not against somebody in between`);
    return { level: 'checksum', verification: `checksum:${by.name}`, sha256 };
  }
  if (isPinned) return { level: 'checksum', verification: 'checksum:--sha256', sha256 };
  if (image.promised !== null) return { level: 'checksum', verification: 'checksum:index', sha256 };
  if (verify === 'checksum') throw fail('MSP_VERIFY_MISSING', { url: image.place, wanted: 'checksum' });
  if (!image.secure) throw fail('MSP_VERIFY_NONE', { url: image.place, sha256 });
  if (image.kind === 'http')
    log.warn(
      `no checksum or signature next to ${image.name}; trusting https only. Pin it next time: --sha256 ${sha256}`,
    );
  else log.info(`nothing to verify ${image.name} with; its SHA-256 is ${sha256}`);
  return { level: 'none', verification: image.kind === 'http' ? 'https' : 'none', sha256 };
}

/**
 * Fingerprint of the first known key that signed the image or a checksum of it; null when there is none. A bad signature
 * beside a good one is refused all the same. Throws MSP_VERIFY_KEY where only keys signed that nobody gave us, and one of
 * ours must have.
 */
async function findSignature(context: Context<Input>, sidecars: Sidecars): Promise<string | null> {
  const { services, input } = context;
  const { image } = input;
  const name = fileName(image);
  const signatures = [...sidecars.values()].filter((one) => isSignature(one.name) || isClearSigned(one));
  if (signatures.length === 0) return null;
  const keyring = await chooseKeyring(context);
  const signers: string[] = [];
  const unknown: UnknownSigner[] = [];
  for (const signature of signatures) {
    const inline = isClearSigned(signature) ? splitClearSigned(signature.body.toString('utf8')) : null;
    if (isClearSigned(signature) && inline === null) await refuseSignature(context, signature, 'it is not well formed');
    const signedName = inline === null ? signature.name.replace(/\.(?:asc|gpg|sig)$/u, '') : signature.name;
    const text = inline?.text ?? sidecars.get(signedName)?.body.toString('utf8');
    const isOfImage = signedName === name;
    if (!isOfImage && text === undefined) continue;
    const digest = isOfImage
      ? null
      : checksumOf({ place: signature.place, text: text ?? '', alone: signedName === `${name}.sha256` }, name);
    if (!isOfImage && digest === null) continue;
    const { scratch } = services.directories;
    await services.files.writeText(`${scratch}/signature`, inline?.signature ?? armored(signature.body));
    if (!isOfImage) await services.files.writeText(`${scratch}/signed`, text ?? '');
    const data = isOfImage ? image.path : `${scratch}/signed`;
    const finding = await checkSignature(context, `${scratch}/signature`, data, keyring);
    if (finding.state === 'bad') await refuseSignature(context, signature, finding.problem);
    if (finding.state === 'unknown') unknown.push({ signature, keys: finding.keys });
    if (finding.state !== 'good') continue;
    if (digest !== null && digest !== image.sha256) await refuseChecksum(context, digest, signedName);
    signers.push(finding.fingerprint);
  }
  if (signers.length === 0) tellUnknown(context, unknown, keyring);
  return signers[0] ?? null;
}

interface UnknownSigner {
  readonly signature: Sidecar;
  readonly keys: readonly string[];
}

/** Throws MSP_VERIFY_KEY where a known key must have signed. */
function tellUnknown({ input, log }: Context<Input>, unknown: readonly UnknownSigner[], keyring: string): void {
  for (const { signature, keys } of unknown) {
    if (input.keyring !== '' || input.verify === 'signature')
      throw fail('MSP_VERIFY_KEY', { url: signature.place, keyring, keys });
    log.warn(`${signature.name} is signed by a key that is not in ${keyring}: ${keys.join(', ')}`);
  }
}

/** The first that tells of the image; every one that does has to tell the same. */
async function findChecksum(context: Context<Input>, sidecars: Sidecars): Promise<Sidecar | null> {
  const { image } = context.input;
  const name = fileName(image);
  const found: Sidecar[] = [];
  for (const sidecar of sidecars.values()) {
    if (isSignature(sidecar.name)) continue;
    const text = sidecar.body.toString('utf8');
    const signed = isClearSigned(sidecar) ? splitClearSigned(text) : null;
    const file = { place: sidecar.place, text: signed?.text ?? text, alone: sidecar.name === `${name}.sha256` };
    const digest = checksumOf(file, name);
    if (digest === null) continue;
    if (digest !== image.sha256) await refuseChecksum(context, digest, sidecar.name);
    found.push(sidecar);
  }
  return found[0] ?? null;
}

const isClearSigned = ({ body }: Sidecar): boolean =>
  body.subarray(0, 34).toString('latin1') === '-----BEGIN PGP SIGNED MESSAGE-----';

async function chooseKeyring({ services, input }: Context<Input>): Promise<string> {
  const places = input.keyring === '' ? usualKeyrings : [input.keyring];
  for (const path of places) if ((await services.files.info(path)) !== null) return path;
  throw fail('MSP_KEYRING_MISSING', { keyring: places[0] ?? '', debianPackage: 'systemd-container' });
}

async function refuseChecksum({ services, input }: Context<Input>, expected: string, source: string): Promise<never> {
  const { image } = input;
  await forgetImage(services, image);
  throw fail('MSP_VERIFY_CHECKSUM', { url: image.place, expected, actual: image.sha256, source });
}

async function refuseSignature(
  { services, input }: Context<Input>,
  { name }: Sidecar,
  problem: string,
): Promise<never> {
  await forgetImage(services, input.image);
  throw fail('MSP_VERIFY_SIGNATURE', { url: input.image.place, signature: name, problem });
}
