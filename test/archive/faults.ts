/** What can go wrong between a client and an archive, to order. */
import type { Site } from './archive-site.ts';

/** What happens instead of the right answer, or to it. */
export type Misdeed =
  | { readonly does: 'status'; readonly status: number }
  /** The connection ends after that many bytes of the body. */
  | { readonly does: 'cut'; readonly bytes: number }
  /** After that many bytes of the body nothing comes any more, and the connection stays open. */
  | { readonly does: 'stall'; readonly bytes: number }
  /** Content-Length is wrong by that many bytes. */
  | { readonly does: 'wrong-length'; readonly by: number }
  /** One bit of the byte at this place is another one; a negative place counts from the end. */
  | { readonly does: 'flip'; readonly at: number }
  | { readonly does: 'body'; readonly body: Buffer; readonly type: string }
  /** The archive is another one from then on. */
  | { readonly does: 'site'; readonly site: Site }
  | { readonly does: 'redirect'; readonly to: string }
  /** Each answer leads to one more address. */
  | { readonly does: 'redirect-for-ever' }
  /** Nothing comes for that long; then all is well. */
  | { readonly does: 'late'; readonly milliseconds: number };

export interface Fault {
  /** Of the URL that was asked for without its query, such as http://host/path. */
  readonly on: RegExp;
  /** So many requests that match are answered rightly before. */
  readonly after: number;
  /** So many are answered wrongly; then all is well again. */
  readonly times: number;
  readonly misdeed: Misdeed;
}

export interface FaultOptions {
  /** @default 0 */
  readonly after?: number;
  /** @default Infinity */
  readonly times?: number;
}

const fault = (misdeed: Misdeed, on: RegExp, { after = 0, times = Infinity }: FaultOptions = {}): Fault => ({
  on,
  after,
  times,
  misdeed,
});

const aPackage = /\.deb$/u;

/** The mirror loses its packages after so many. */
export const notFoundAfter = (files: number, on = aPackage): Fault =>
  fault({ does: 'status', status: 404 }, on, { after: files });
export const answers = (status: number, on: RegExp, options?: FaultOptions): Fault =>
  fault({ does: 'status', status }, on, options);
export const cutAfter = (bytes: number, on: RegExp, options?: FaultOptions): Fault =>
  fault({ does: 'cut', bytes }, on, options);
export const stallsAfter = (bytes: number, on: RegExp, options?: FaultOptions): Fault =>
  fault({ does: 'stall', bytes }, on, options);
export const wrongLength = (by: number, on: RegExp, options?: FaultOptions): Fault =>
  fault({ does: 'wrong-length', by }, on, options);
export const flipsByte = (at: number, on: RegExp, options?: FaultOptions): Fault =>
  fault({ does: 'flip', at }, on, options);
/** The archive changes between two requests: the first ones see the old one. */
export const changesTo = (site: Site, on: RegExp, after = 1): Fault => fault({ does: 'site', site }, on, { after });
export const redirectsTo = (to: string, on: RegExp): Fault => fault({ does: 'redirect', to }, on);
export const redirectsForEver = (on: RegExp): Fault => fault({ does: 'redirect-for-ever' }, on);
export const startsLate = (milliseconds: number, on: RegExp, options?: FaultOptions): Fault =>
  fault({ does: 'late', milliseconds }, on, options);
/** A page for people, as portals of hotels and mirrors that moved serve it. */
export const servesHtml = (on: RegExp, options?: FaultOptions): Fault => {
  const body = Buffer.from('<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body>Sign in</body></html>\n');
  return fault({ does: 'body', body, type: 'text/html' }, on, options);
};
