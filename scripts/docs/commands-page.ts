/** docs/reference/commands.md: every command as its own help page says it. */
import { commandTable } from '../../src/cli/command-table.ts';
import { groups, type AnyCommand } from '../../src/cli/command.ts';
import { exitCodeTexts } from '../../src/cli/exit-codes.ts';
import { commandText, loadCommand, overviewText } from '../../src/cli/help-text.ts';
import { generatedNote } from './generated-note.ts';
import { markdownTable } from './markdown-table.ts';

const rootWords: Readonly<Record<AnyCommand['needsRoot'], string>> = {
  always: 'needs root (elevates itself through sudo)',
  never: 'needs no root',
  steps: 'needs root when a step of the pipeline does',
};

export async function commandsPage(): Promise<string> {
  const commands = await Promise.all(Object.keys(commandTable).map((name) => loadCommand(name)));
  const sections = groups.flatMap((group) => [
    `## ${group}`,
    ...commands.filter((command) => command.group === group).flatMap(commandSection),
  ]);
  return [
    generatedNote,
    '# Commands',
    fenced(overviewText()),
    ...sections,
    '## Exit codes',
    markdownTable(['code', 'meaning'], exitCodeTexts),
    '',
  ].join('\n\n');
}

function commandSection(command: AnyCommand): readonly string[] {
  // The options of every command are said once, below the first heading of the page's own table.
  const [own = ''] = commandText(command).split('\n\nOptions of every command:');
  return [`### ${command.name}`, `${command.summary}; ${rootWords[command.needsRoot]}.`, fenced(own)];
}

function fenced(text: string): string {
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\``;
}
