/** One request for a file, with its redirects followed. */
import type { Dispatcher } from 'undici';
import { fail, type MachinespawnError } from '../errors/machinespawn-error.ts';
import type { SitePasswords } from './site-passwords.ts';

const mostRedirects = 5;
const redirections = [301, 302, 303, 307, 308];

export type Method = 'GET' | 'HEAD';

export interface FileRequest {
  /** @default GET */
  readonly method?: Method;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
  /** Of the hosts that are asked. @default nothing is known */
  readonly passwords?: SitePasswords | undefined;
  readonly signal: AbortSignal;
  /** Without a byte for so long it fails with a time-out of undici's. */
  readonly stallMs: number;
}

export interface FileResponse {
  /** After redirects. */
  readonly url: string;
  /** Was every request made over https? */
  readonly secure: boolean;
  readonly status: number;
  readonly body: Dispatcher.ResponseData['body'];
  /** First value of a header; null when it is not there. */
  header(name: string): string | null;
}

/** Throws MSP_REDIRECT_LOOP, MSP_REDIRECT_REFUSED, and what undici throws. */
export async function requestFile(request: FileRequest): Promise<FileResponse> {
  const { request: send } = (await import('undici')).default;
  const { method = 'GET', dispatcher, signal, stallMs, headers } = request;
  let place = withoutUser(request.url);
  let secure = true;
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    secure &&= new URL(place).protocol === 'https:';
    const response = await send(place, {
      method,
      dispatcher,
      signal,
      // The bytes of the file are wanted, not those of a packed form of it.
      headers: { 'accept-encoding': 'identity', ...request.passwords?.headersFor(place), ...headers },
      headersTimeout: stallMs,
      bodyTimeout: stallMs,
    });
    const header = (name: string): string | null => {
      const value = response.headers[name];
      return (Array.isArray(value) ? value[0] : value) ?? null;
    };
    const location = header('location');
    if (!redirections.includes(response.statusCode) || location === null) {
      return { url: place, secure, status: response.statusCode, body: response.body, header };
    }
    await response.body.dump();
    place = withoutUser(redirectTarget(location, place));
  }
  throw fail('MSP_REDIRECT_LOOP', { url: request.url, times: mostRedirects });
}

/** What is no web address would be so at the next try, too. */
function redirectTarget(location: string, from: string): string {
  const target = URL.canParse(location, from) ? new URL(location, from) : null;
  if (target !== null && /^https?:$/u.test(target.protocol)) return target.href;
  throw fail('MSP_REDIRECT_REFUSED', { url: from, location });
}

function withoutUser(url: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  if (parsed.username === '' && parsed.password === '') return url;
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}

/** undici wraps, and a failed connection is a bundle of one error per address. */
function innermost(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  return error instanceof Error && error.cause instanceof Error ? innermost(error.cause) : error;
}

/** The innermost reason. */
export function networkProblem(error: unknown): string {
  const inner = innermost(error);
  return inner instanceof Error ? inner.message || inner.name : String(inner);
}

/** OpenSSL's verdicts as Node spells them, by what all of them have and no error of a socket has; and Node's own. */
const untrusted =
  /^(?!ERR_SSL_).*(?:CERT|CRL|_ISSUER|_LEAF_)|^(?:HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)$/u;

/** MSP_TLS_UNTRUSTED, which never passes, or MSP_NETWORK; `final` where another try would not help. */
export function networkFailure(url: string, error: unknown, problem = networkProblem(error)): MachinespawnError {
  const inner = innermost(error);
  if (inner instanceof Error && 'code' in inner && untrusted.test(String(inner.code)))
    return fail('MSP_TLS_UNTRUSTED', { url, problem }, error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // undici calls it that, too, when a proxy wants a password.
  const isBadUrl = ['ERR_INVALID_URL', 'UND_ERR_INVALID_ARG'].includes(code) && !URL.canParse(url);
  return fail('MSP_NETWORK', { url, problem, ...(isBadUrl ? { final: true } : {}) }, error);
}
