import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { corePlugin } from '../../../src/steps/index.ts';

const root = join(import.meta.dirname, '../../..');
const names = (directory: string, ending: string, apart: readonly string[]): string[] =>
  readdirSync(join(root, directory))
    .filter((name) => name.endsWith(ending) && !apart.includes(name))
    .map((name) => name.slice(0, -ending.length))
    .toSorted();

it('has for each step a file, a line of the table and a test', async () => {
  const table = Object.keys(corePlugin.steps).toSorted();
  expect(table.length).toBeGreaterThan(10);
  expect(names('src/steps', '.ts', ['define-step.ts', 'index.ts'])).toEqual(table);
  expect(names('test/unit/steps', '.test.ts', ['complete.test.ts', 'pipelines.test.ts'])).toEqual(table);
  for (const [id, load] of Object.entries(corePlugin.steps)) expect((await load()).id).toBe(id);
});
