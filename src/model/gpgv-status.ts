/** Reads what gpgv writes with --status-fd. Its exit code is no answer: one unknown key among three fails it. */

export interface ValidSignature {
  /** Of the key or subkey that signed: 40 hex digits. */
  readonly fingerprint: string;
  /** Of the primary key that it belongs to. */
  readonly primary: string;
  /** The signature is right, but its key has expired since (or the signature itself). */
  readonly expired: boolean;
}

export interface GpgvStatus {
  readonly validSignatures: readonly ValidSignature[];
  /** Key ids (16 hex digits) that the keyring lacks. */
  readonly missingKeys: readonly string[];
  /** Key ids whose key, or signature, is past its date. */
  readonly expiredKeys: readonly string[];
  readonly revokedKeys: readonly string[];
  /** Key ids whose signature does not fit the text. */
  readonly bad: readonly string[];
  /** False when the text carries no signature at all. */
  readonly signed: boolean;
}

export function parseGpgvStatus(text: string): GpgvStatus {
  const groups: string[][][] = [];
  for (const line of text.split('\n')) {
    const words = /^\[GNUPG:\] (.+?)\s*$/u.exec(line)?.[1]?.split(' ');
    if (words === undefined) continue;
    // gpgv from before 2.1.16 does not mark where the next signature begins.
    if (words[0] === 'NEWSIG' || groups.length === 0) groups.push([]);
    groups.at(-1)?.push(words);
  }
  const ids = (...kinds: string[]): string[] => [
    ...new Set(groups.flat().flatMap((words) => (kinds.includes(words[0] ?? '') && words[1] ? [words[1]] : []))),
  ];
  return {
    validSignatures: groups.flatMap(validIn),
    missingKeys: ids('NO_PUBKEY'),
    expiredKeys: ids('EXPKEYSIG', 'EXPSIG'),
    revokedKeys: ids('REVKEYSIG'),
    bad: ids('BADSIG'),
    signed: groups.flat().some((words) => (words[0] ?? '').endsWith('SIG') && words[0] !== 'NEWSIG'),
  };
}

export type SignatureVerdict =
  | { readonly state: 'good'; readonly signers: readonly ValidSignature[] }
  /** Right, but only by keys that have expired. */
  | { readonly state: 'expired'; readonly signers: readonly ValidSignature[] }
  | { readonly state: 'unknown-keys'; readonly keys: readonly string[] }
  | { readonly state: 'bad'; readonly problem: string };

/** One good signature is enough, and one that does not fit spoils all. */
export function judgeSignatures(status: GpgvStatus): SignatureVerdict {
  if (status.bad.length > 0) return { state: 'bad', problem: `the text was altered (key ${status.bad.join(', ')})` };
  const current = status.validSignatures.filter((signature) => !signature.expired);
  if (current.length > 0) return { state: 'good', signers: current };
  if (status.validSignatures.length > 0) return { state: 'expired', signers: status.validSignatures };
  if (status.revokedKeys.length > 0) {
    return { state: 'bad', problem: `its key was revoked (${status.revokedKeys.join(', ')})` };
  }
  if (status.missingKeys.length > 0) return { state: 'unknown-keys', keys: status.missingKeys };
  return { state: 'bad', problem: status.signed ? 'it cannot be checked' : 'there is no signature' };
}

/** VALIDSIG comes with expired and revoked keys, too; a line beside it tells. */
function validIn(group: readonly (readonly string[])[]): ValidSignature[] {
  const valid = group.filter((words) => words[0] === 'VALIDSIG');
  const kinds = new Set(group.map((words) => words[0]));
  if (kinds.has('REVKEYSIG') || kinds.has('BADSIG')) return [];
  const expired = kinds.has('EXPKEYSIG') || kinds.has('EXPSIG');
  return valid.flatMap((words) => {
    const fingerprint = words[1];
    return fingerprint === undefined ? [] : [{ fingerprint, primary: words[10] ?? fingerprint, expired }];
  });
}
