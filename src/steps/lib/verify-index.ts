/** Fetches the index of a suite and verifies its signature. */
import { fail } from '../../errors/machinespawn-error.ts';
import type { Fetched } from '../../host/net-services.ts';
import { judgeSignatures, parseGpgvStatus } from '../../model/gpgv-status.ts';
import { parseReleaseFile, type ReleaseFile } from '../../model/release-file.ts';
import type { Context } from '../define-step.ts';
import { sha256 } from './sha256.ts';

const mostIndexBytes = 4 * 1024 * 1024;
const mostSignatureBytes = 64 * 1024;

export interface SuiteIndex {
  readonly url: string;
  readonly text: string;
  /** Of its own file; null where the text holds it. */
  readonly signature: string | null;
  /** What the server's clock said. */
  readonly servedAt?: string;
  /** SHA-256 of InRelease, or of Release where there is none. */
  readonly digest: string;
}

/**
 * Null when the archive has no such suite. Throws MSP_NETWORK, MSP_HTTP_STATUS, MSP_REDIRECT_LOOP, MSP_ARCHIVE_HTML,
 * MSP_ARCHIVE_UNSIGNED, MSP_RELEASE_INVALID.
 */
export async function fetchIndex(
  { services }: Context,
  mirror: string,
  suite: string,
  proxy: string | null,
): Promise<SuiteIndex | null> {
  const fetch = async (name: string, maxBytes: number) =>
    await services.net.fetch(`${mirror}/dists/${suite}/${name}`, { proxy, maxBytes });
  const inline = await fetch('InRelease', mostIndexBytes);
  if (inline !== null) {
    const text = textOf(inline);
    if (!text.includes('-----BEGIN PGP SIGNED MESSAGE-----')) throw fail('MSP_ARCHIVE_UNSIGNED', { url: inline.url });
    return { url: inline.url, text, signature: null, digest: sha256(inline.body), ...servedAt(inline) };
  }
  // Before 2012 or so the signature was a file of its own.
  const plain = await fetch('Release', mostIndexBytes);
  if (plain === null) return null;
  const text = textOf(plain);
  const signature = await fetch('Release.gpg', mostSignatureBytes);
  if (signature === null) throw fail('MSP_ARCHIVE_UNSIGNED', { url: plain.url });
  const digest = sha256(plain.body);
  return { url: plain.url, text, signature: signature.body.toString('utf8'), digest, ...servedAt(plain) };
}

function servedAt({ servedAt: moment }: Fetched): Pick<SuiteIndex, 'servedAt'> {
  return moment === undefined ? {} : { servedAt: moment };
}

/** What answers in the place of an archive is told from a bad archive: it has no signature to speak of. */
function textOf({ body, url }: { readonly body: Buffer; readonly url: string }): string {
  const text = body.toString('utf8');
  if (/^\s*<(?:!doctype|html|\?xml|head|body)\b/iu.test(text)) throw fail('MSP_ARCHIVE_HTML', { url });
  if (!/^(?:-----BEGIN PGP|[A-Z][A-Za-z0-9-]*:)/u.test(text)) {
    throw fail('MSP_RELEASE_INVALID', { url, problem: 'it is something else' });
  }
  return text;
}

/**
 * Gives the fingerprint of the primary key that signed.
 * Throws MSP_SIGNATURE_BAD, MSP_SIGNATURE_UNKNOWN, MSP_KEY_EXPIRED, MSP_RELEASE_INVALID.
 */
export async function verifyIndex(
  { services }: Context,
  index: SuiteIndex,
  options: { readonly keyring: string; readonly mayBeExpired: boolean },
): Promise<{ readonly fingerprint: string; readonly expired: boolean; readonly release: ReleaseFile }> {
  const { keyring } = options;
  const status: string[] = [];
  // Its exit code is no answer, and the clock is looked at afterwards.
  await services.exec({
    file: 'gpgv',
    args: [
      '--status-fd',
      '3',
      '--ignore-time-conflict',
      '--keyring',
      keyring,
      ...(await writeIndex(services.files, services.directories.scratch, index)),
    ],
    okCodes: [0, 1, 2],
    onStatusLine: (line) => void status.push(line),
    reads: true,
    sandbox: false,
  });
  const verdict = judgeSignatures(parseGpgvStatus(status.join('\n')));
  if (verdict.state === 'unknown-keys')
    throw fail('MSP_SIGNATURE_UNKNOWN', { url: index.url, keyring, keys: verdict.keys });
  if (verdict.state === 'bad') throw fail('MSP_SIGNATURE_BAD', { url: index.url, keyring, problem: verdict.problem });
  const signers = verdict.signers.map(({ primary }) => primary);
  if (verdict.state === 'expired' && !options.mayBeExpired)
    throw fail('MSP_KEY_EXPIRED', { url: index.url, keyring, keys: signers });
  return {
    fingerprint: signers[0] ?? '',
    expired: verdict.state === 'expired',
    release: parseReleaseFile(index.text, index.url),
  };
}

/** Paths of the files, as gpgv takes them. */
async function writeIndex(
  files: Context['services']['files'],
  scratch: string,
  index: SuiteIndex,
): Promise<readonly string[]> {
  const text = Buffer.from(index.text);
  if (index.signature === null) {
    await files.writeBytes(`${scratch}/InRelease`, text);
    return [`${scratch}/InRelease`];
  }
  await files.writeBytes(`${scratch}/Release`, text);
  await files.writeBytes(`${scratch}/Release.gpg`, Buffer.from(index.signature));
  return [`${scratch}/Release.gpg`, `${scratch}/Release`];
}
