/** What the files beside an image tell of it: looked at before the download, and weighed after it. */
import { fail } from '../../errors/machinespawn-error.ts';
import { checksumOf } from '../../model/checksum-file.ts';
import { armored, isSignatureForm, splitClearSigned, type ClearSigned } from '../../model/clear-signed.ts';
import type { PulledImage } from './pulled-image.ts';
import { fileName, isPage, isSignature, type Sidecar, type Sidecars } from './sidecars.ts';

/** A signature of the image, or of a list that has its checksum. */
export interface ImageSignature {
  /** Where it stands. */
  readonly sidecar: Sidecar;
  readonly armored: string;
  /** What it signs, when that is not the image itself. */
  readonly list: { readonly name: string; readonly body: Buffer; readonly digest: string } | null;
}

/** SHA-256 that a file beside the image tells of it. */
export interface ImageChecksum {
  readonly sidecar: Sidecar;
  readonly digest: string;
}

/** All that stands beside the image and has the form that its name says. */
export interface Evidence {
  readonly signatures: readonly ImageSignature[];
  readonly checksums: readonly ImageChecksum[];
  /** What is there, and is something else than its name says; in words. */
  readonly problems: readonly string[];
}

/** What the user wants of it. */
export interface EvidenceWish {
  readonly verify: string;
  readonly keyring: string;
  readonly sha256: string;
}

type Place = Pick<PulledImage, 'kind' | 'place'>;

/** Throws MSP_VERIFY_UNREADABLE, and MSP_VERIFY_SIGNATURE where a signature around a text is torn. */
export function evidenceOf(sidecars: Sidecars, image: Place): Evidence {
  const name = fileName(image);
  const isUsable = ({ name: file, body }: Sidecar): boolean =>
    !isPage(body) && (!isSignature(file) || isClearSigned(body) || isSignatureForm(body));
  const usable = [...sidecars.values()].filter(isUsable);
  const unusable = [...sidecars.values()].filter((sidecar) => !isUsable(sidecar));
  const told = usable.flatMap((sidecar) => {
    const inline = isClearSigned(sidecar.body) ? requireClearSigned(sidecar, image) : null;
    if (isSignature(sidecar.name) && inline === null) return [];
    const text = inline?.text ?? sidecar.body.toString('utf8');
    const digest = checksumOf({ place: sidecar.place, text, alone: sidecar.name === `${name}.sha256` }, name);
    return digest === null ? [] : [{ sidecar, inline, text, digest }];
  });
  const inside = told.flatMap(({ sidecar, inline, text, digest }) =>
    inline === null
      ? []
      : [{ sidecar, armored: inline.signature, list: { name: sidecar.name, body: Buffer.from(text), digest } }],
  );
  const apart = usable.flatMap((sidecar): readonly ImageSignature[] => {
    if (!isSignature(sidecar.name) || isClearSigned(sidecar.body)) return [];
    const signature = { sidecar, armored: armored(sidecar.body) };
    const signed = sidecar.name.replace(/\.(?:asc|gpg|sig)$/u, '');
    if (signed === name) return [{ ...signature, list: null }];
    const list = told.find((one) => one.sidecar.name === signed);
    return list === undefined
      ? []
      : [{ ...signature, list: { name: signed, body: list.sidecar.body, digest: list.digest } }];
  });
  return {
    signatures: [...apart, ...inside],
    checksums: told.filter(({ sidecar }) => !isSignature(sidecar.name)),
    problems:
      unusable.length === 0
        ? []
        : [`what is served as ${unusable.map((one) => one.name).join(', ')} is something else`],
  };
}

/** Does what stands beside the image matter at all? */
export function needsEvidence({ verify, keyring, sha256 }: EvidenceWish): boolean {
  return verify !== 'no' && (sha256 === '' || verify === 'signature' || keyring !== '');
}

/**
 * What cannot be enough, whatever the image is. `promised`: by an index that is trusted. Throws MSP_VERIFY_MISSING,
 * MSP_VERIFY_NONE.
 */
export function requireEvidence(
  { signatures, checksums, problems }: Evidence,
  wish: EvidenceWish,
  image: Place & { readonly secure: boolean; readonly promised: string | null },
): void {
  const missing = (wanted: string, asked: string) =>
    fail('MSP_VERIFY_MISSING', { url: image.place, wanted, asked, problems });
  const asked = [
    ...(wish.keyring === '' ? [] : ['--keyring']),
    ...(wish.verify === 'signature' ? ['--verify signature'] : []),
  ].join(' and ');
  if (asked !== '') {
    if (signatures.length === 0) throw missing('signature', asked);
    return;
  }
  if (signatures.length > 0 || checksums.length > 0 || image.promised !== null) return;
  if (wish.verify === 'checksum') throw missing('checksum', '--verify checksum');
  if (!image.secure) throw fail('MSP_VERIFY_NONE', { url: image.place, sha256: null, problems });
}

const isClearSigned = (body: Buffer): boolean =>
  body.subarray(0, 34).toString('latin1') === '-----BEGIN PGP SIGNED MESSAGE-----';

function requireClearSigned({ name, body }: Sidecar, { place }: Place): ClearSigned {
  const found = splitClearSigned(body.toString('utf8'));
  if (found !== null) return found;
  throw fail('MSP_VERIFY_SIGNATURE', {
    url: place,
    signature: name,
    problem: 'it is not well formed, or something stands beside what it signs',
    isKept: true,
  });
}
