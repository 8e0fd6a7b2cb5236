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
      { name: 'lines', input: { text: 'a\nb' }, output: { text: 'a\nb' } },
    ],
    refuses: [
      { name: 'a number', input: { text: 1 }, at: 'text' },
      { name: 'a book', input: { text: 'x'.repeat(10_001) }, at: 'text' },
    ],
  },
  test,
);
