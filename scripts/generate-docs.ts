/** Writes the pages that derive from declarations; `--check` writes nothing and fails when one is not as it would be written. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createApp } from '../src/app.ts';
import { commandsPage } from './docs/commands-page.ts';
import { errorsPage } from './docs/errors-page.ts';
import { eventsPage } from './docs/events-page.ts';
import { releaseRows } from './docs/release-rows.ts';
import { replaceMarked } from './docs/replace-marked.ts';
import { stepsPage } from './docs/steps-page.ts';

const root = dirname(import.meta.dirname);

async function pages(): Promise<ReadonlyMap<string, string>> {
  const app = createApp({ environment: {}, cwd: root, argv: process.argv });
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  return new Map([
    ['docs/reference/commands.md', await commandsPage()],
    ['docs/reference/steps.md', await stepsPage()],
    ['docs/reference/events.md', eventsPage(root)],
    ['docs/errors.md', errorsPage()],
    ['docs/schema/pipeline.schema.json', `${JSON.stringify(await app.pipelineSchema(), null, 2)}\n`],
    ['README.md', replaceMarked(readme, 'releases', releaseRows())],
  ]);
}

function isAsOnDisk(file: string, text: string): boolean {
  try {
    return readFileSync(join(root, file), 'utf8') === text;
  } catch {
    return false;
  }
}

const isCheck = process.argv.includes('--check');
const made = await pages();
const stale = [...made].filter(([file, text]) => !isAsOnDisk(file, text));
for (const [file, text] of stale) {
  if (isCheck) {
    process.stderr.write(`${file} is not what the declarations say: npm run docs\n`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
    process.stdout.write(`${file}\n`);
  }
}
if (stale.length === 0) process.stdout.write(`${made.size} generated pages are up to date\n`);
