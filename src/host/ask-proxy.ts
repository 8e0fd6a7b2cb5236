import type { ProxyAnswer } from './net-services.ts';

const mostBytes = 65_536;
const unreachableCodes = ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN', 'ETIMEDOUT'];

/** Asks for `url` through a proxy, once, and reads the start of the answer. Never throws. */
export async function askProxy(
  proxy: string,
  url: string,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<ProxyAnswer> {
  const { ProxyAgent, request } = (await import('undici')).default;
  const limit = AbortSignal.timeout(options.timeoutMs);
  const signal = AbortSignal.any([options.signal, limit]);
  const dispatcher = new ProxyAgent({ uri: proxy, proxyTunnel: false });
  try {
    const response = await request(url, { dispatcher, signal });
    const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response.body) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size >= mostBytes) break;
    }
    const body = Buffer.concat(chunks).toString('utf8');
    return { kind: 'answer', status: response.statusCode, headers: Object.fromEntries(headers), body };
  } catch (error) {
    if (limit.aborted) return { kind: 'silent', problem: `no answer within ${options.timeoutMs / 1000} s` };
    return explain(innermost(error));
  } finally {
    await dispatcher.destroy();
  }
}

function innermost(error: unknown): Error & { readonly code?: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  if (error instanceof Error && error.cause instanceof Error) return innermost(error.cause);
  return error instanceof Error ? error : new Error(String(error));
}

function explain(error: Error & { readonly code?: string }): ProxyAnswer {
  const { code = '' } = error;
  // undici throws for 407, and for whatever is said to a tunnel.
  const status = /^Prox.*\((\d{3})\)/u.exec(error.message)?.[1];
  if (status !== undefined) return { kind: 'answer', status: Number(status), headers: {}, body: '' };
  if (unreachableCodes.includes(code)) return { kind: 'unreachable', problem: error.message };
  if (error.name === 'HTTPParserError') return { kind: 'no-http', problem: 'its answer is not HTTP' };
  return { kind: 'silent', problem: error.message };
}
