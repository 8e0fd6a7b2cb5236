import { expect, test } from 'vitest';
import { fail } from '../../../../src/errors/machinespawn-error.ts';
import { ProxyBook } from '../../../../src/host/proxies.ts';
import type { Proxies, ProxyAnswer } from '../../../../src/host/net-services.ts';
import type { Context } from '../../../../src/steps/define-step.ts';
import { leavingDeadProxy, type Way } from '../../../../src/steps/lib/without-proxy.ts';
import { expectCode } from '../../host/scratch.ts';

const proxy = 'http://p:3142';
const well: ProxyAnswer = { kind: 'answer', status: 200, headers: {}, body: 'Origin: x' };
const stuck: ProxyAnswer = { kind: 'silent', problem: 'no answer within 5 s' };
const network = () => fail('MSP_DEBOOTSTRAP_NETWORK', { debootstrapCode: 'COULDNTDLPKGS', text: 'x', mirror: 'm' });

/** Of what a step gets only what is used here. */
function setUp(answers: ProxyAnswer[]) {
  const book = new ProxyBook();
  const said: string[] = [];
  const proxies: Pick<Proxies, 'ask' | 'leave' | 'hasLeft'> = {
    ask: () => Promise.resolve(answers.shift() ?? well),
    leave: (url) => book.leave(url),
    hasLeft: (url) => book.hasLeft(url),
  };
  const context = {
    services: { proxies },
    signal: new AbortController().signal,
    log: { warn: (text: string) => void said.push(text) },
  } as unknown as Context;
  const ways: (string | null)[] = [];
  const travel = async (go: (way: Way) => Promise<string>): Promise<string> =>
    await leavingDeadProxy(context, {
      proxy,
      url: 'http://archive.example/dists/bookworm/InRelease',
      go: async (way) => {
        ways.push(way.proxy);
        return await go(way);
      },
      retreat: async () => void said.push('retreat'),
      patienceMs: 20,
    });
  return { travel, ways, said };
}

const untilGivenUp = async ({ giveUp }: Way): Promise<string> =>
  await new Promise((_, reject) => {
    giveUp.addEventListener('abort', () =>
      reject(fail('MSP_TOOL_FAILED', { tool: 'debootstrap', exitCode: null, tail: '', command: 'debootstrap' })),
    );
  });

test('a download that stands still is given up when the proxy does, too', async () => {
  const { travel, ways, said } = setUp([well, stuck]);
  const go = async (way: Way): Promise<string> => {
    if (way.proxy === null) return 'there';
    way.downloads(true);
    return await untilGivenUp(way);
  };
  expect(await travel(go)).toBe('there');
  expect(ways).toEqual([proxy, null]);
  expect(said).toEqual([expect.stringContaining('p:3142 is in the way'), 'retreat']);
  // From now on nothing goes through it, and nobody is told again.
  expect(await travel(async (way) => String(way.proxy))).toBe('null');
  expect(said).toHaveLength(2);
});

test('what takes long and is no download is left alone', async () => {
  const { travel, ways } = setUp([stuck]);
  const go = async (way: Way): Promise<string> => {
    way.downloads(true);
    way.downloads(false);
    await new Promise((resolve) => setTimeout(resolve, 80));
    return way.giveUp.aborted ? 'given up' : 'there';
  };
  expect(await travel(go)).toBe('there');
  expect(ways).toEqual([proxy]);
});

test('what fails though the proxy is well, or for another reason, fails', async () => {
  const one = setUp([well]);
  await expectCode(
    one.travel(() => Promise.reject(network())),
    'MSP_DEBOOTSTRAP_NETWORK',
  );
  expect([one.ways, one.said]).toEqual([[proxy], []]);
  const other = setUp([stuck]);
  const lacking = fail('MSP_PACKAGE_UNKNOWN', { packages: ['x'], suite: 'bookworm' });
  await expectCode(
    other.travel(() => Promise.reject(lacking)),
    'MSP_PACKAGE_UNKNOWN',
  );
  expect([other.ways, other.said]).toEqual([[proxy], []]);
});

test('a package that came damaged through it is fetched directly', async () => {
  const { travel, ways, said } = setUp([well]);
  const damaged = fail('MSP_PACKAGE_CORRUPT', { text: 'x', mirror: 'm' });
  expect(await travel((way) => (way.proxy === null ? Promise.resolve('there') : Promise.reject(damaged)))).toBe(
    'there',
  );
  expect(ways).toEqual([proxy, null]);
  expect(said[0]).toContain('a package came damaged');
});
