/** Writes the digests of files as sha256sum does, and signs them where a key is given. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import { artifactNameForm } from '../model/artifact.ts';
import { artifactSchema } from '../model/schemas.ts';
import { defineStep } from './define-step.ts';
import { signFile } from './lib/sign-file.ts';

export const checksums = defineStep({
  id: 'checksums',
  summary: 'Write the digests of files, and sign them',
  version: 1,
  input: z.strictObject({
    files: z.array(artifactSchema).min(1).describe('Files that steps gave'),
    name: z
      .string()
      .regex(artifactNameForm, 'not a plain file name')
      .default('SHA256SUMS')
      .describe('Name of the file; that of the signature has .gpg behind it'),
    key: z
      .string()
      .nullable()
      .default(null)
      .describe('Private key as gpg --export-secret-keys --armor gives it: an input of the type secret; null for none'),
    gpgHome: z
      .string()
      .regex(/^(?:\/.*)?$/u, 'not an absolute path')
      .default('')
      .describe("Directory of gpg on this host that has the key instead; '' for none"),
    localUser: z.string().default('').describe("Which of the keys: fingerprint or address; '' for the first"),
    passphrase: z.string().nullable().default(null).describe('Passphrase of the key: an input of the type secret'),
    epoch: z
      .int()
      .min(0)
      .nullable()
      .default(null)
      .describe('The time of the signature, in seconds, not before that of the key; null for now'),
  }),
  output: z.strictObject({
    sums: artifactSchema.describe('The digests'),
    signature: artifactSchema.nullable().describe('Detached signature of it; null where no key was given'),
  }),
  reuse: 'always',
  identity: ({ files, passphrase: _opensTheKey, ...rest }) => ({
    ...rest,
    files: files.map(({ name, sha256 }) => ({ name, sha256 })),
  }),
  describe: ({ sums, signature }) => `${sums.name}${signature === null ? '' : `, signed: ${signature.name}`}`,

  async run(context) {
    const { services, input } = context;
    const { artifacts, files } = services;
    const names = input.files.map(({ name }) => name);
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined) throw fail('MSP_USAGE', { problem: `two of the files are called '${twice}'` });
    const byName = input.files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const path = await artifacts.create(input.name);
    await files.writeText(path, byName.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join(''));
    const { key, gpgHome, localUser, passphrase, epoch } = input;
    let signature = null;
    if (key !== null || gpgHome !== '' || localUser !== '') {
      const to = await artifacts.create(`${input.name}.gpg`);
      const directory = key === null ? gpgHome || '/root/.gnupg' : null;
      await signFile(context, path, to, { key, directory, user: localUser || null, passphrase, epoch });
      signature = await artifacts.keep(to);
    }
    return { sums: await artifacts.keep(path), signature };
  },
});
