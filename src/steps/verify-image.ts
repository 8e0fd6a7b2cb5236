/** Verifies the image by what stands beside it: a bad signature or checksum always fails, and its bytes are not kept. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { defineStep, type Context } from './define-step.ts';
import { checkSignature } from './lib/check-signature.ts';
import { forgetImage, readNote, writeNote } from './lib/download-cache.ts';
import { evidenceOf, needsEvidence, requireEvidence, type Evidence } from './lib/evidence.ts';
import { findImageKeyring } from './lib/image-keyring.ts';
import { proxyOf } from './lib/proxy-option.ts';
import { pulledImageSchema } from './lib/pulled-image.ts';
import { fetchSidecars, type Sidecar } from './lib/sidecars.ts';

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
  if (!needsEvidence(input)) {
    if (pinned !== '') return { level: 'checksum', verification: 'checksum:--sha256', sha256 };
    log.warn(`${image.name} was not verified, as asked`);
    return { level: 'none', verification: 'none', sha256 };
  }
  const sidecars = await fetchSidecars(services, image, { proxy: proxyOf(input.proxy) });
  const evidence = evidenceOf(sidecars, image);
  for (const problem of evidence.problems) log.info(problem);
  requireEvidence(evidence, input, image);
  const { signer, unknown } = await findSigner(context, evidence);
  // What is there must be right, beside a good signature, too.
  const by = await findChecksum(context, evidence);
  if (signer !== null) return { level: 'signature', verification: `signature:${signer}`, sha256 };
  // Somebody in between could have made both the list and its signature.
  const isForgeable = unknown.length > 0 && verify === 'auto' && !image.secure && by?.secure !== true;
  if (by !== null && !isForgeable) {
    if (unknown.length > 0) log.warn(`${unknown.join('; ')}; ${by.name} fits. Pin it next time: --sha256 ${sha256}`);
    if (!by.secure)
      log.warn(`${by.name} came over plain http, too: it guards against damage, not against somebody in between`);
    return { level: 'checksum', verification: `checksum:${by.name}`, sha256 };
  }
  if (image.promised !== null) return { level: 'checksum', verification: 'checksum:index', sha256 };
  if (verify === 'checksum')
    throw fail('MSP_VERIFY_MISSING', { url: image.place, wanted: 'checksum', asked: '--verify checksum' });
  if (!image.secure)
    throw fail('MSP_VERIFY_NONE', { url: image.place, sha256, problems: unknown, checksum: by?.name ?? null });
  tellNothing(context, unknown);
  return { level: 'none', verification: image.kind === 'http' ? 'https' : 'none', sha256 };
}

function tellNothing({ input: { image }, log }: Context<Input>, unknown: readonly string[]): void {
  const { name, kind, sha256 } = image;
  const why = unknown.length === 0 ? '' : ` that could be verified (${unknown.join('; ')})`;
  if (kind === 'http')
    log.warn(
      `no checksum or signature next to ${name}${why}; trusting https only. Pin it next time: --sha256 ${sha256}`,
    );
  else if (why !== '') log.warn(`no checksum or signature next to ${name}${why}; its SHA-256 is ${sha256}`);
  else log.info(`nothing to verify ${name} with; its SHA-256 is ${sha256}`);
}

/**
 * Fingerprint of the first known key that signed the image or a checksum of it; null when there is none. A bad signature
 * beside a good one is refused all the same. `unknown`: in words, those that nobody can check. Throws MSP_VERIFY_KEY where
 * there are only such, and a known key must have signed.
 */
async function findSigner(
  context: Context<Input>,
  { signatures }: Evidence,
): Promise<{ readonly signer: string | null; readonly unknown: readonly string[] }> {
  const { services, input } = context;
  const { files, directories } = services;
  if (signatures.length === 0) return { signer: null, unknown: [] };
  const keyring = await findImageKeyring(services, input);
  if (keyring === null) {
    const unknown = signatures.map(({ sidecar }) => `${sidecar.name} cannot be checked without a keyring`);
    return { signer: null, unknown };
  }
  const { scratch } = directories;
  // gpgv reads no armour.
  if (keyring.packets !== null) await files.writeBytes(`${scratch}/keyring.gpg`, keyring.packets);
  const keyringPath = keyring.packets === null ? keyring.path : `${scratch}/keyring.gpg`;
  const signers: string[] = [];
  const unknown: { readonly sidecar: Sidecar; readonly keys: readonly string[] }[] = [];
  for (const { sidecar, armored, list } of signatures) {
    await files.writeText(`${scratch}/signature`, armored);
    if (list !== null) await files.writeBytes(`${scratch}/signed`, list.body);
    const data = list === null ? input.image.path : `${scratch}/signed`;
    const finding = await checkSignature(context, `${scratch}/signature`, data, keyringPath);
    if (finding.state === 'bad') await refuseSignature(context, sidecar, finding);
    if (finding.state === 'unknown') unknown.push({ sidecar, keys: finding.keys });
    if (finding.state !== 'good') continue;
    if (list !== null && list.digest !== input.image.sha256) await refuseChecksum(context, list.digest, list.name);
    signers.push(finding.fingerprint);
  }
  const [signer = null] = signers;
  const [first] = unknown;
  if (signer === null && first !== undefined && (input.keyring !== '' || input.verify === 'signature'))
    throw fail('MSP_VERIFY_KEY', { url: first.sidecar.place, keyring: keyring.path, keys: first.keys });
  const words = unknown.map(
    ({ sidecar, keys }) => `${sidecar.name} is signed by a key that is not in ${keyring.path}: ${keys.join(', ')}`,
  );
  return { signer, unknown: words };
}

/** The first that tells of the image; every one that does has to tell the same. */
async function findChecksum(context: Context<Input>, { checksums }: Evidence): Promise<Sidecar | null> {
  for (const { sidecar, digest } of checksums)
    if (digest !== context.input.image.sha256) await refuseChecksum(context, digest, sidecar.name);
  return checksums[0]?.sidecar ?? null;
}

async function refuseChecksum({ services, input }: Context<Input>, expected: string, source: string): Promise<never> {
  const { image } = input;
  await forgetImage(services, image);
  throw fail('MSP_VERIFY_CHECKSUM', { url: image.place, expected, actual: image.sha256, source });
}

async function refuseSignature(
  { services, input }: Context<Input>,
  { name }: Sidecar,
  { problem, isAltered }: { readonly problem: string; readonly isAltered: boolean },
): Promise<never> {
  // A key that has expired tells nothing against the bytes.
  if (isAltered) await forgetImage(services, input.image);
  throw fail('MSP_VERIFY_SIGNATURE', { url: input.image.place, signature: name, problem, isKept: !isAltered });
}
