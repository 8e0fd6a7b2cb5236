import { fail } from '../../errors/machinespawn-error.ts';
import { nearest } from '../../model/nearest.ts';
import { commandAliases, commandTable, families } from '../command-table.ts';
import { defineCommand } from '../command.ts';
import { commandText, familyText, loadCommand, overviewText } from '../help-text.ts';
import { helpTopicNames } from '../help-topic-names.ts';

export const help = defineCommand({
  name: 'help',
  summary: 'Help for a command or a topic',
  group: 'Helpers',
  needsRoot: 'never',
  positionals: [{ name: 'topic', summary: 'A command or a topic', optional: true, variadic: true }],
  options: {},
  examples: [
    ['machinespawn help bootstrap', 'a command'],
    ['machinespawn help exit-codes', 'a topic'],
  ],

  async run({ positionals, terminal }) {
    terminal.out(await pageFor((positionals.topic ?? []).join(' ')));
    return 0;
  },
});

async function pageFor(words: string): Promise<string> {
  if (words === '') return overviewText();
  const name = commandAliases[words] ?? words;
  if (Object.hasOwn(commandTable, name)) return commandText(await loadCommand(name));
  if (families.includes(words)) return familyText(words);
  const topic = helpTopicNames.find((known) => known === words);
  if (topic !== undefined) return (await import('../help-topics.ts')).topicText(topic);
  const near = nearest(words, [...Object.keys(commandTable), ...families, ...helpTopicNames]);
  throw fail('MSP_USAGE', {
    problem: `there is no command and no topic '${words}'`,
    hint: near === null ? 'machinespawn help' : `did you mean 'machinespawn help ${near}'?`,
  });
}
