import { expect, it } from 'vitest';
import { runMain } from '../cli/run-main.ts';

it('an unknown word has a code of its own', async () => {
  const { code, stderr } = await runMain(['lsit', '--json']);
  expect(code).toBe(2);
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: 'MSP_COMMAND_UNKNOWN', hint: "did you mean 'list'?", exitCode: 2 },
  });
});

it('pipeline schema prints what the application gives', async () => {
  const { code, stdout } = await runMain(['pipeline', 'schema']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ type: 'object' });
});
