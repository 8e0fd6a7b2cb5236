/** Fails when files that should be the same are not, and says what differs in the trees that they were made of. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { artifactSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';

const mostLines = 20;

const input = z.strictObject({
  files: z.array(artifactSchema).min(2).describe('Files that should be the same'),
  trees: z
    .array(z.string())
    .default([])
    .describe('The trees that they were made of, in the same order; none to say nothing of them'),
});

export const compareFiles = defineStep({
  id: 'compare-files',
  summary: 'Check that files are the same',
  version: 1,
  input,
  output: z.strictObject({
    sha256: z.string().describe('SHA-256 of all of them'),
    files: z.number().describe('How many there were'),
  }),
  reuse: 'always',
  singleFlight: false,
  // What they are called plays no part, nor do the trees of files that are the same.
  identity: ({ files }) => files.map(({ sha256 }) => sha256),
  describe: ({ sha256, files }) => `${files} files with SHA-256 ${sha256}`,

  async run(context) {
    const { files, trees } = context.input;
    const [first, ...rest] = files;
    const sha256 = first?.sha256 ?? '';
    const at = rest.findIndex((file) => file.sha256 !== sha256) + 1;
    if (at === 0) return { sha256, files: files.length };
    const [one, other] = [trees[0], trees[at]];
    const differences = one === undefined || other === undefined ? [] : await differencesOf(context, one, other);
    throw fail('MSP_FILES_DIFFER', { name: first?.name ?? '', digests: files.map((file) => file.sha256), differences });
  },
});

/** Lines for a person, at most some. */
async function differencesOf(
  { services }: Context<z.output<typeof input>>,
  one: string,
  other: string,
): Promise<readonly string[]> {
  const [a, b] = [(await services.trees.view(one)).path, (await services.trees.view(other)).path];
  const args = ['--recursive', '--brief', '--no-dereference', '--', a, b];
  // 2: it met something that it does not compare, such as a device.
  const { stdout } = await services.exec({ file: 'diff', args, okCodes: [0, 1, 2], wholeOutput: true });
  const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('diff: '));
  const shown = lines.slice(0, mostLines).map((line) => line.replaceAll(a, '1:').replaceAll(b, '2:'));
  if (lines.length > mostLines) shown.push(`and ${lines.length - mostLines} more`);
  return shown.length > 0 ? shown : ['no content; owners, modes, times or attributes'];
}
