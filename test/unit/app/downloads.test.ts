import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { downloadItems } from '../../../src/app-downloads.ts';
import { scratchDirectory } from '../host/scratch.ts';

const scratch = scratchDirectory();

test('what is on its way is needed while its run is at work, and by what can be gone on with', async () => {
  const partial = join(scratch, 'partial');
  mkdirSync(partial, { recursive: true });
  for (const name of ['stdin-dead', 'stdin-dead.json', 'stdin-busy', 'f00d', 'f00d.json'])
    writeFileSync(join(partial, name), 'half');
  const inUse = async (used: readonly string[]) => {
    const items = await downloadItems(scratch, new Set(used), async (runId) => runId === 'busy');
    return Object.fromEntries(items.map((item) => [item.id, item.inUse]));
  };
  expect(await inUse(['a run that was cut off'])).toEqual({
    'partial-stdin-dead': false,
    'partial-stdin-busy': true,
    'partial-f00d': true,
  });
  expect(await inUse([])).toMatchObject({ 'partial-stdin-dead': false, 'partial-f00d': false });
});
