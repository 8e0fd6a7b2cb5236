import { expect, test } from 'vitest';
import { OrderedShell } from '../../../../src/host/debs/ordered-shell.ts';
import { Exec } from '../../../../src/host/exec.ts';
import { expectCode } from '../scratch.ts';

const exec = new Exec({ isRoot: false, graceMs: 100 });
const script = `while read -r word; do
  if [ "$word" = fail ]; then echo "it hurts" >&2; exit 3; fi
  [ "$word" = sleep ] && sleep 60
  echo "$1 $word" >&3
done`;

function open(signal = new AbortController().signal): OrderedShell {
  return new OrderedShell(exec, { signal }, { script, args: ['did'] });
}

test('orders are answered in their order', async () => {
  const shell = open();
  expect(await Promise.all(['one', 'two', 'three'].map(async (word) => await shell.order(word)))).toEqual([
    'did one',
    'did two',
    'did three',
  ]);
  await shell.end();
});

test('a shell that ends tells all who wait, and whoever comes later, why', async () => {
  const shell = open();
  const waiting = ['fail', 'never'].map(async (word) => await expectCode(shell.order(word), 'MSP_TOOL_FAILED'));
  for (const fault of await Promise.all(waiting)) expect(fault).toMatchObject({ data: { tail: 'it hurts' } });
  await expectCode(shell.order('late'), 'MSP_TOOL_FAILED');
  await shell.abandon();
});

test('a signal ends it in the middle of an order', async () => {
  const stop = new AbortController();
  const shell = open(stop.signal);
  const slow = expectCode(shell.order('sleep'), 'MSP_CANCELLED');
  stop.abort();
  await slow;
  await shell.abandon();
});
