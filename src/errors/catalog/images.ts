import { entry } from '../entry.ts';

/** Trees and files that images are made of. */
export const imageErrors = {
  MSP_TREE_LACKS: entry<{ what: string; hint: string | null }>({
    exit: 1,
    message: ({ what }) => `the tree has no ${what}`,
    hint: ({ hint }) => hint ?? undefined,
  }),
  MSP_FILES_DIFFER: entry<{ name: string; digests: readonly string[]; differences: readonly string[] }>({
    exit: 1,
    message: ({ name, digests, differences }) =>
      [
        `${name} is not the same each time:`,
        ...digests,
        ...(differences.length > 0 ? ['differing:', ...differences] : []),
      ].join('\n  '),
  }),
  MSP_SIGNING_FAILED: entry<{ key: string; problem: string }>({
    exit: 1,
    message: ({ key, problem }) => `nothing could be signed with ${key}: ${problem}`,
    hint: () => 'a private key as gpg --export-secret-keys gives it, with its passphrase if it has one',
  }),
} as const;
