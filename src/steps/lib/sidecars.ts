/** The files beside an image that tell what it should be: checksums and signatures. */
import { MachinespawnError } from '../../errors/machinespawn-error.ts';
import type { StepServices } from '../../host/services.ts';
import { unescapeName } from '../../model/unescape-name.ts';
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
/** How servers answer, beside 404, for what is not there or what they do not know. */
const absent = [400, 401, 403, 405, 410];
export type Sidecars = ReadonlyMap<string, Sidecar>;

type Place = Pick<PulledImage, 'kind' | 'place'>;

interface FetchWish {
  /** As in `net.fetch`. */
  readonly proxy: string | null | undefined;
  /** Further tries where the server does not answer. @default 3 */
  readonly retries?: number;
}

/** By their names, whatever is in them; empty for standard input. Throws MSP_NETWORK, MSP_HTTP_STATUS. */
export async function fetchSidecars(
  services: Pick<StepServices, 'net' | 'root'>,
  image: Place,
  wish: FetchWish,
): Promise<Sidecars> {
  const read = readerOf(services, image, wish);
  const file = fileName(image);
  if (read === null || file === '') return new Map();
  const first = await Promise.all(
    [`${file}.sha256`, 'SHA256SUMS', ...signatureEnds.map((end) => `${file}${end}`)].map(read),
  );
  const checksums = first.filter((one) => one !== null && !isSignature(one.name) && !isPage(one.body));
  const more = await Promise.all(
    checksums.flatMap((one) => signatureEnds.map((end) => read(`${one?.name ?? ''}${end}`))),
  );
  return new Map([...first, ...more].flatMap((one) => (one === null ? [] : [[one.name, one] as const])));
}

/** Is it a web page, which some servers give in the place of what is not there? */
export function isPage(body: Buffer): boolean {
  return /^\s*<[!?a-z]/iu.test(body.subarray(0, 64).toString('utf8'));
}

export function isSignature(name: string): boolean {
  return signatureEnds.some((end) => name.endsWith(end));
}

/** What lines of checksums call the image. */
export function fileName({ place, kind }: Place): string {
  const path = kind === 'http' ? unescapeName(new URL(place).pathname) : place;
  return path.slice(path.lastIndexOf('/') + 1);
}

type Reader = (name: string) => Promise<Sidecar | null>;

function readerOf(
  { net, root }: Pick<StepServices, 'net' | 'root'>,
  image: Place,
  { proxy, retries }: FetchWish,
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
      const options = {
        maxBytes: mostBytes,
        ...(proxy !== undefined && { proxy }),
        ...(retries !== undefined && { retries }),
      };
      const found = await net.fetch(url.href, options);
      if (found === null) return null;
      const secure = url.protocol === 'https:' && found.url.startsWith('https:');
      return { name, place: url.href, body: found.body, secure };
    } catch (error) {
      if (MachinespawnError.is(error) && absent.includes(Number(error.data['status']))) return null;
      throw error;
    }
  };
}
