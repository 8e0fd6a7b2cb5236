/** Verifies one signature with gpgv, or with sqv where that is what the host has. */
import { fail } from '../../errors/machinespawn-error.ts';
import { judgeSignatures, parseGpgvStatus } from '../../model/gpgv-status.ts';
import type { Context } from '../define-step.ts';

export type SignatureFinding =
  | { readonly state: 'good'; readonly fingerprint: string }
  | { readonly state: 'unknown'; readonly keys: readonly string[] }
  /** `isAltered`: it is of other bytes; else it is itself not to be used. */
  | { readonly state: 'bad'; readonly problem: string; readonly isAltered: boolean };

/** `signature` and `data` are paths. Throws MSP_TOOL_MISSING. */
export async function checkSignature(
  context: Context,
  signature: string,
  data: string,
  keyring: string,
): Promise<SignatureFinding> {
  const { facts } = context.services;
  if ((await facts.findProgram('gpgv')) !== null) return await askGpgv(context, signature, data, keyring);
  if ((await facts.findProgram('sqv')) !== null) return await askSqv(context, signature, data, keyring);
  throw fail('MSP_TOOL_MISSING', { tool: 'gpgv', debianPackage: 'gpgv' });
}

async function askGpgv(
  { services }: Context,
  signature: string,
  data: string,
  keyring: string,
): Promise<SignatureFinding> {
  const status: string[] = [];
  await services.exec({
    file: 'gpgv',
    args: ['--status-fd', '3', '--keyring', keyring, signature, data],
    okCodes: [0, 1, 2],
    onStatusLine: (line) => void status.push(line),
    reads: true,
    sandbox: false,
  });
  const found = parseGpgvStatus(status.join('\n'));
  const verdict = judgeSignatures(found);
  if (verdict.state === 'good') return { state: 'good', fingerprint: verdict.signers[0]?.primary ?? '' };
  if (verdict.state === 'unknown-keys') return { state: 'unknown', keys: verdict.keys };
  if (verdict.state === 'bad') return { state: 'bad', problem: verdict.problem, isAltered: found.bad.length > 0 };
  const key = verdict.signers[0]?.primary ?? '';
  return { state: 'bad', problem: `its key has expired (${key})`, isAltered: false };
}

async function askSqv(
  { services }: Context,
  signature: string,
  data: string,
  keyring: string,
): Promise<SignatureFinding> {
  const { exitCode, stdout, stderr } = await services.exec({
    file: 'sqv',
    args: ['--keyring', keyring, signature, data],
    okCodes: [0, 1, 2],
    reads: true,
    sandbox: false,
  });
  const [fingerprint] = /[0-9A-F]{40}/u.exec(stdout) ?? [];
  if (exitCode === 0 && fingerprint !== undefined) return { state: 'good', fingerprint };
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const missing = lines.filter((line) => /missing key|no key|unknown issuer|not found/iu.test(line));
  const isAltered = /bad signature|manipulated/iu.test(stderr);
  if (missing.length > 0 && !isAltered)
    return { state: 'unknown', keys: missing.map((line) => /[0-9A-F]{16,40}/u.exec(line)?.[0] ?? 'of unknown id') };
  return { state: 'bad', problem: lines.join(' ') || 'it does not fit', isAltered };
}
