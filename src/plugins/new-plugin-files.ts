/** What `plugins new` writes. */

/** Text of each file by its name. `name` has the form of a plugin's name. */
export function newPluginFiles(name: string): Readonly<Record<string, string>> {
  const variable = name.replaceAll(/-([a-z0-9])/gu, (_, letter: string) => letter.toUpperCase());
  return {
    [`${name}.ts`]: pluginText(name, variable),
    [`${name}.test.ts`]: testText(name),
    [`${name}.yaml`]: pipelineText(name),
    'README.md': readmeText(name),
  };
}

function pluginText(name: string, variable: string): string {
  return `import { artifactSchema, definePlugin, defineStep, z } from 'machinespawn/plugin';

export const greet = defineStep({
  id: 'greet',
  summary: 'Write a greeting into a file',
  // Raise it when the same input would now give another result: what was kept before is not used any more.
  version: 1,
  input: z.strictObject({
    who: z.string().min(1).describe('Who is greeted'),
  }),
  output: z.strictObject({
    file: artifactSchema,
  }),
  // The result serves every run with the same input.
  reuse: 'always',
  describe: ({ file }) => file.name,

  async run({ services, input }) {
    const path = await services.artifacts.create('greeting.txt');
    await services.files.writeText(path, \`Hello, \${input.who}!\\n\`);
    return { file: await services.artifacts.keep(path) };
  },
});

export const ${variable} = definePlugin({
  name: '${name}',
  apiVersion: 1,
  summary: 'Greet people',
  steps: { greet: async () => greet },
  pipelines: [new URL('./${name}.yaml', import.meta.url)],
});
`;
}

function testText(name: string): string {
  return `import { createHash } from 'node:crypto';
import { testStep } from 'machinespawn/testing';
import { greet } from './${name}.ts';

const text = 'Hello, Ann!\\n';
const sha256 = createHash('sha256').update(text).digest('hex');

// Besides what is written here, the step is cut off and cancelled at every moment, and has to end the same.
testStep(greet, {
  accepts: [
    {
      name: 'somebody',
      input: { who: 'Ann' },
      output: { file: { artifact: \`artifact:\${sha256}\`, name: 'greeting.txt', sizeBytes: text.length, sha256 } },
    },
  ],
  refuses: [{ name: 'nobody', input: { who: '' }, at: 'who' }],
});
`;
}

function pipelineText(name: string): string {
  return `# machinespawn pipeline run ./${name}.yaml -i who=Ann
format: 1
id: ${name}
summary: Greet somebody
plugins: [./${name}.ts]
inputs:
  who: { type: string, default: world, summary: Who is greeted }
steps:
  - id: greeting
    uses: ${name}/greet
    with: { who: '\${{ inputs.who }}' }
outputs:
  file: \${{ steps.greeting.outputs.file }}
`;
}

function readmeText(name: string): string {
  return `# ${name}

A plugin for machinespawn.

    machinespawn plugins check .
    machinespawn pipeline run ./${name}.yaml -i who=Ann

For an editor that knows the types: \`npm install --save-dev machinespawn\`.
`;
}
