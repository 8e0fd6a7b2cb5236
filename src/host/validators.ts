/** Whether two answers of a server are about the same state of a file: RFC 9110, 8.8. */
import type { Validators } from './net-services.ts';

/** For If-Range; null where there is none. RFC 9110, 13.1.5: a weak ETag does not do. */
export function strongValidator({ etag, lastModified }: Validators): string | null {
  return isStrong(etag) ? etag : lastModified;
}

/**
 * May a part that comes with `now` be added to what came with `known`? Some servers ignore If-Range, so whatever was
 * known must be there again and be equal. `trustsDigest`: then it is enough that nothing differs.
 */
export function isSameState(known: Validators, now: Validators, trustsDigest: boolean): boolean {
  const isSame = (one: string | null, other: string | null, mayLack: boolean): boolean =>
    one === null || one === other || (mayLack && other === null);
  // RFC 9110, 15.3.7: beside the ETag that was asked for, a server had better leave out the date.
  const mayLackDate = trustsDigest || (isStrong(known.etag) && known.etag === now.etag);
  return isSame(known.etag, now.etag, trustsDigest) && isSame(known.lastModified, now.lastModified, mayLackDate);
}

function isStrong(etag: string | null): boolean {
  return etag !== null && !etag.startsWith('W/');
}
