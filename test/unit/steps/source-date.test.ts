import { test } from 'vitest';
import { sourceDate } from '../../../src/steps/source-date.ts';
import { fakeHost, testStep } from '../../../src/testing.ts';

const otherwise = '2026-01-10T09:00:00Z';

testStep(
  sourceDate,
  {
    accepts: [
      { name: 'none given', input: { otherwise }, output: { epoch: 1_768_035_600, date: '2026-01-10T09:00:00.000Z' } },
      {
        name: 'that of the environment',
        input: { otherwise },
        host: fakeHost({ env: { SOURCE_DATE_EPOCH: '1767225600' } }),
        output: { epoch: 1_767_225_600, date: '2026-01-01T00:00:00.000Z' },
      },
      {
        name: 'one that is given',
        input: { epoch: '0', otherwise },
        host: fakeHost({ env: { SOURCE_DATE_EPOCH: '1767225600' } }),
        output: { epoch: 0, date: '1970-01-01T00:00:00.000Z' },
      },
    ],
    refuses: [{ name: 'words', input: { epoch: 'today', otherwise }, at: 'epoch' }],
    fails: [
      {
        name: 'words in the environment',
        input: { otherwise },
        host: fakeHost({ env: { SOURCE_DATE_EPOCH: 'today' } }),
        code: 'MSP_USAGE',
      },
      { name: 'no date at all', input: { otherwise: 'never' }, code: 'MSP_USAGE' },
    ],
  },
  test,
);
