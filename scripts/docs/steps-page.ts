/** docs/reference/steps.md: what each step type takes, gives and needs. */
import { builtInPlugins } from '../../src/app-built-in-plugins.ts';
import type { AnyStep } from '../../src/engine/step.ts';
import { inputSchema, outputSchema } from '../../src/engine/step-schemas.ts';
import { corePlugin } from '../../src/steps/index.ts';
import { generatedNote } from './generated-note.ts';
import { markdownTable } from './markdown-table.ts';
import { schemaTypeText, type FieldSchema } from './schema-type-text.ts';

const reuseWords: Readonly<Record<AnyStep['reuse'], string>> = {
  always: 'A result serves again in every run with the same key.',
  run: 'A result serves again in its own run, when that is resumed.',
  never: 'Done again whenever a run is opened.',
};

export async function stepsPage(): Promise<string> {
  const steps = await Promise.all(Object.values(corePlugin.steps).map(async (load): Promise<AnyStep> => load()));
  for (const plugin of builtInPlugins) {
    for (const [id, load] of Object.entries(plugin.steps))
      steps.push({ ...(await load()), id: `${plugin.name}/${id}` });
  }
  const overview = steps.map((step) => [
    `[${step.id}](#${step.id.replace('/', '')})`,
    step.needs?.root === true ? 'yes' : 'no',
    step.reuse,
    step.summary,
  ]);
  return [
    generatedNote,
    '# Steps',
    [
      'Written in a pipeline as `uses: STEP` with the inputs under `with`. The outputs are referred to as',
      '`${{ steps.ID.outputs.NAME }}`. `machinespawn pipeline steps STEP` prints the same.',
    ].join('\n'),
    markdownTable(['step', 'root', 'reuse', 'what it does'], overview),
    ...steps.flatMap(stepSection),
    '',
  ].join('\n\n');
}

function stepSection(step: AnyStep): readonly string[] {
  const { needs, retry, timeoutMs } = step;
  const tools = needs?.tools ?? [];
  const facts = [
    `- ${reuseWords[step.reuse]}`,
    ...(needs?.root === true || tools.length > 0
      ? [`- Needs ${[...(needs?.root === true ? ['root'] : []), ...tools.map((tool) => `\`${tool}\``)].join(', ')}.`]
      : []),
    ...(step.looksOnly === true ? ['- Only looks: a dry run runs it, too.'] : []),
    ...(retry === undefined
      ? []
      : [`- Up to ${retry.attempts} attempts, after ${retry.on.map((code) => `\`${code}\``).join(', ')}.`]),
    ...(timeoutMs === undefined ? [] : [`- Ends after ${timeoutMs / 1000} s at the latest.`]),
  ];
  return [
    `## ${step.id}`,
    `${step.summary}.`,
    facts.join('\n'),
    ...fields('Inputs', inputSchema(step)),
    ...fields('Outputs', outputSchema(step)),
  ];
}

function fields(title: string, schema: unknown): readonly string[] {
  const { properties = {}, required = [] } = schema as {
    properties?: Readonly<Record<string, FieldSchema>>;
    required?: readonly string[];
  };
  const rows = Object.entries(properties).map(([name, field]) => [
    `\`${name}\``,
    schemaTypeText(field),
    ...(title === 'Inputs' ? [standsFor(field, required.includes(name))] : []),
    field.description ?? '',
  ]);
  if (rows.length === 0) return [`${title}: none.`];
  return [`${title}:`, markdownTable(['name', 'type', ...(title === 'Inputs' ? ['default'] : []), 'meaning'], rows)];
}

function standsFor(field: FieldSchema, isRequired: boolean): string {
  if (field.default !== undefined) return `\`${JSON.stringify(field.default)}\``;
  return isRequired ? 'required' : 'none';
}
