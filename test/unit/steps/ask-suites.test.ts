import { expect, test } from 'vitest';
import { askSuites } from '../../../src/steps/ask-suites.ts';
import { sha256 } from '../../../src/steps/lib/sha256.ts';
import { fakeHost, testStep, unreachable } from '../../../src/testing.ts';
import { archive } from './archive-fixture.ts';

const [updates, security] = archive.suites;
if (updates === undefined || security === undefined) throw new TypeError('the fixture has both');
const at = ({ mirror, suite }: typeof updates, name = 'InRelease') => `${mirror}/dists/${suite}/${name}`;
const digestOf = (text: string) => sha256(Buffer.from(text));
const line = ({ mirror, suite }: typeof updates, text: string) => `${mirror} ${suite} ${digestOf(text)}`;
const all = (...lines: readonly string[]) =>
  sha256(Buffer.from([archive.inReleaseDigest, ...lines.toSorted()].join('\n')));
const state = ({ mirror, suite }: typeof updates, text: string | null) => ({
  suite,
  mirror,
  digest: text === null ? null : digestOf(text),
});
const monday = { [at(updates)]: 'u1', [at(security)]: 's1' };

test('another index of any suite is another state', () => {
  const digests = [
    all(line(updates, 'u1'), line(security, 's1')),
    all(line(updates, 'u1'), line(security, 's2')),
    all(line(updates, 'u1')),
    archive.inReleaseDigest,
  ];
  expect(new Set(digests).size).toBe(4);
});

testStep(
  askSuites,
  {
    accepts: [
      {
        name: 'what both suites are',
        input: { archive },
        host: fakeHost({ net: monday }),
        output: {
          digest: all(line(updates, 'u1'), line(security, 's1')),
          suites: [state(updates, 'u1'), state(security, 's1')],
        },
      },
      {
        name: 'a security suite that has moved on, with its signature beside it',
        input: { archive },
        host: fakeHost({ net: { [at(updates)]: 'u1', [at(security, 'Release')]: 's2' } }),
        output: {
          digest: all(line(updates, 'u1'), line(security, 's2')),
          suites: [state(updates, 'u1'), state(security, 's2')],
        },
      },
      {
        name: 'one that cannot be reached and was never seen',
        input: { archive },
        host: fakeHost({ net: { [at(updates)]: 'u1', [at(security)]: unreachable } }),
        output: { digest: all(line(updates, 'u1')), suites: [state(updates, 'u1'), state(security, null)] },
      },
      {
        name: 'without the network, and without having seen any',
        input: { archive, offline: true },
        output: { digest: archive.inReleaseDigest, suites: [state(updates, null), state(security, null)] },
      },
      {
        name: 'those that are there',
        input: { archive: { ...archive, suites: [updates, { ...security, exists: false }] } },
        host: fakeHost({ net: monday }),
        output: { digest: all(line(updates, 'u1')), suites: [state(updates, 'u1')] },
      },
    ],
    refuses: [{ name: 'no archive', input: {}, at: 'archive' }],
    fails: [],
    writes: ['/var/cache/machinespawn/archives'],
  },
  test,
);
