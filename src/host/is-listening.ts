import { connect } from 'node:net';

/** Does somebody take a connection there? Loading what speaks HTTP takes a tenth of a second, and mostly nobody does. */
export async function isListening(url: string, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url);
  const usual = protocol === 'https:' ? 443 : 80;
  const socket = connect({ host: hostname.replaceAll(/[[\]]/gu, ''), port: port === '' ? usual : Number(port) });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    return await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.on('error', () => resolve(false));
      if (limit.aborted) resolve(false);
      limit.addEventListener('abort', () => resolve(false), { once: true });
    });
  } finally {
    socket.destroy();
  }
}
