/** The files beside an image that tell what it should be: checksums and signatures. */
import { fail, MachinespawnError } from '../../errors/machinespawn-error.ts';
import type { StepServices } from '../../host/services.ts';
import { decodeName } from '../../model/decode-name.ts';
import type { PulledImage } from './pulled-image.ts';

export interface Sidecar {
  readonly name: string;
  /** Address or path. */
  readonly place: string;
  readonly body: Buffer;
  /** Did it come over https, or from this host? */
  readonly secure: boolean;
}

const mostBytes = 4 * 1024 * 1024;
const signatureEnds = ['.asc', '.gpg', '.sig'];
export type Sidecars = ReadonlyMap<string, Sidecar>;

type Place = Pick<PulledImage, 'kind' | 'place'> & { readonly url?: string | null };

/** By their names; empty for standard input. `proxy` as in `net.fetch`. Throws MSP_NETWORK, MSP_HTTP_STATUS. */
export async function fetchSidecars(
  services: Pick<StepServices, 'net' | 'root'>,
  image: Place,
  proxy: string | null | undefined,
): Promise<Sidecars> {
  const read = readerOf(services, image, proxy);
  if (read === null) return new Map();
  const file = fileName(image);
  const first = await Promise.all(
    [`${file}.sha256`, 'SHA256SUMS', ...signatureEnds.map((end) => `${file}${end}`)].map(read),
  );
  const checksums = first.filter((one) => one !== null && !isSignature(one.name));
  const more = await Promise.all(
    checksums.flatMap((one) => signatureEnds.map((end) => read(`${one?.name ?? ''}${end}`))),
  );
  return new Map([...first, ...more].flatMap((one) => (one === null ? [] : [[one.name, one] as const])));
}

export function isSignature(name: string): boolean {
  return signatureEnds.some((end) => name.endsWith(end));
}

/** What lines of checksums call the image. */
export function fileName({ place, kind }: Place): string {
  const path = kind === 'http' ? decodeName(new URL(place).pathname) : place;
  return path.slice(path.lastIndexOf('/') + 1);
}

type Reader = (name: string) => Promise<Sidecar | null>;

function readerOf(
  { net, root }: Pick<StepServices, 'net' | 'root'>,
  image: Place,
  proxy: string | null | undefined,
): Reader | null {
  if (image.kind === 'stdin') return null;
  if (image.kind === 'file') {
    const directory = image.place.slice(0, image.place.lastIndexOf('/') + 1);
    return async (name) => {
      const body = await root('/').readStart(`${directory}${name}`, mostBytes);
      return body === null ? null : { name, place: `${directory}${name}`, body, secure: true };
    };
  }
  return async (name) => {
    // A query belongs to the image: a token in it is needed for its neighbours, too.
    const url = new URL(image.place);
    url.pathname = `${url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1)}${encodeURIComponent(name)}`;
    try {
      const options = { maxBytes: mostBytes, ...(proxy !== undefined && { proxy }) };
      const found = await net.fetch(url.href, options);
      const isPage = found !== null && /^\s*<(?:!doctype|html)/iu.test(found.body.subarray(0, 64).toString('latin1'));
      if (found === null || isPage) return null;
      return {
        name,
        place: url.href,
        body: found.body,
        secure: url.protocol === 'https:' && found.url.startsWith('https:'),
      };
    } catch (error) {
      // Servers that answer 403 for what is not there are common.
      const isRefused = MachinespawnError.is(error) && [401, 403].includes(Number(error.data['status']));
      if (isRefused) return null;
      throw error;
    }
  };
}

/** Over plain http nothing may be taken unseen, and this is known before the slow part. Throws MSP_VERIFY_NONE. */
export function requireSomething(sidecars: Sidecars, url: string): void {
  if (sidecars.size === 0) throw fail('MSP_VERIFY_NONE', { url, sha256: null });
}
