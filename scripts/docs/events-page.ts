/** docs/reference/events.md: the union of events, as the source declares it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedNote } from './generated-note.ts';

export function eventsPage(root: string): string {
  const source = readFileSync(join(root, 'src/engine/events.ts'), 'utf8');
  const from = source.indexOf('interface Base');
  if (from === -1) throw new RangeError('src/engine/events.ts has no interface Base to begin with');
  return [
    generatedNote,
    '# Events',
    [
      'What `--progress json` writes to stderr and `--log-file FILE` to a file, one JSON object for each line. Fields are',
      'only ever added within one format number `v`.',
    ].join('\n'),
    `\`\`\`ts\n${source.slice(from).trimEnd()}\n\`\`\``,
    '',
  ].join('\n\n');
}
