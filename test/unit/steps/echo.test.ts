import { expect, test } from 'vitest';
import { echo } from '../../../src/steps/echo.ts';
import { testStep } from '../../../src/testing.ts';

testStep(
  echo,
  {
    accepts: [
      {
        name: 'a text',
        input: { text: 'hello' },
        output: { text: 'hello' },
        after: (world) => expect(world.logged).toEqual(['info hello']),
      },
      { name: 'no text', input: { text: '' }, output: { text: '' } },
      { name: 'a text after a while', input: { text: 'late', waitSeconds: 0.02 }, output: { text: 'late' } },
      { name: 'lines', input: { text: 'a\nb' }, output: { text: 'a\nb' } },
    ],
    refuses: [
      { name: 'a number', input: { text: 1 }, at: 'text' },
      { name: 'a wait without end', input: { text: 'x', waitSeconds: 601 }, at: 'waitSeconds' },
      { name: 'a book', input: { text: 'x'.repeat(10_001) }, at: 'text' },
    ],
  },
  test,
);
