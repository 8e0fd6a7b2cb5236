/** Fetches the index of a suite and verifies its signature. */
import { fail } from '../../errors/machinespawn-error.ts';
import { judgeSignatures, parseGpgvStatus } from '../../model/gpgv-status.ts';
import { parseReleaseFile, type ReleaseFile } from '../../model/release-file.ts';
import type { Context } from '../define-step.ts';
import { sha256 } from './sha256.ts';

const mostIndexBytes = 4 * 1024 * 1024;
const mostSignatureBytes = 64 * 1024;

export interface SuiteIndex {
  readonly url: string;
  readonly text: string;
  /** SHA-256 of InRelease, or of Release where there is none. */
  readonly digest: string;
  /** Path of the files in scratch, as gpgv takes them. */
  readonly files: readonly string[];
}

/** Null when the archive has no such suite. Throws MSP_NETWORK, MSP_HTTP_STATUS. */
export async function fetchIndex(
  { services }: Context,
  mirror: string,
  suite: string,
  proxy: string | null,
): Promise<SuiteIndex | null> {
  const { scratch } = services.directories;
  const fetch = async (name: string, maxBytes: number) =>
    await services.net.fetch(`${mirror}/dists/${suite}/${name}`, { proxy, maxBytes });
  const inline = await fetch('InRelease', mostIndexBytes);
  if (inline !== null) {
    const file = `${scratch}/InRelease`;
    await services.files.writeText(file, inline.body.toString('utf8'));
    return { url: inline.url, text: inline.body.toString('utf8'), digest: sha256(inline.body), files: [file] };
  }
  // Before 2012 or so the signature was a file of its own.
  const plain = await fetch('Release', mostIndexBytes);
  if (plain === null) return null;
  const signature = await fetch('Release.gpg', mostSignatureBytes);
  if (signature === null)
    throw fail('MSP_SIGNATURE_BAD', { url: plain.url, keyring: '', problem: 'there is no signature' });
  await services.files.writeText(`${scratch}/Release`, plain.body.toString('utf8'));
  await services.files.writeText(`${scratch}/Release.gpg`, signature.body.toString('utf8'));
  const files = [`${scratch}/Release.gpg`, `${scratch}/Release`];
  return { url: plain.url, text: plain.body.toString('utf8'), digest: sha256(plain.body), files };
}

/** Gives the fingerprint of the primary key that signed. Throws MSP_SIGNATURE_BAD, MSP_SIGNATURE_UNKNOWN. */
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
    args: ['--status-fd', '3', '--ignore-time-conflict', '--keyring', keyring, ...index.files],
    okCodes: [0, 1, 2],
    onStatusLine: (line) => void status.push(line),
    reads: true,
    sandbox: false,
  });
  const verdict = judgeSignatures(parseGpgvStatus(status.join('\n')));
  if (verdict.state === 'unknown-keys')
    throw fail('MSP_SIGNATURE_UNKNOWN', { url: index.url, keyring, keys: verdict.keys });
  if (verdict.state === 'bad') throw fail('MSP_SIGNATURE_BAD', { url: index.url, keyring, problem: verdict.problem });
  if (verdict.state === 'expired' && !options.mayBeExpired) {
    throw fail('MSP_SIGNATURE_BAD', {
      url: index.url,
      keyring,
      problem: `its key has expired (${verdict.signers.map(({ primary }) => primary).join(', ')})`,
    });
  }
  const fingerprint = verdict.signers[0]?.primary ?? '';
  return { fingerprint, expired: verdict.state === 'expired', release: parseReleaseFile(index.text, index.url) };
}
