import { entry } from '../entry.ts';

const meant = (nearest: string | null | undefined): string | undefined =>
  nearest ? `did you mean '${nearest}'?` : undefined;

/** What a person typed is not right. Exit 2. */
export const usageErrors = {
  MSP_USAGE: entry<{ problem: string; hint?: string }>({
    exit: 2,
    message: ({ problem }) => problem,
    hint: ({ hint }) => hint,
  }),
  MSP_COMMAND_UNKNOWN: entry<{ word: string; nearest?: string | null }>({
    exit: 2,
    message: ({ word }) => `'${word}' is neither a command nor an image`,
    hint: ({ nearest }) => meant(nearest) ?? 'machinespawn --help',
  }),
  MSP_IMAGE_UNKNOWN: entry<{ image: string; nearest?: string | null }>({
    exit: 2,
    message: ({ image }) => `there is no image '${image}'`,
    hint: ({ nearest }) => `${nearest ? `did you mean ${nearest}? ` : ''}All images: machinespawn images`,
  }),
  MSP_ARCH_UNKNOWN: entry<{ arch: string; nearest?: string | null; known: readonly string[] }>({
    exit: 2,
    message: ({ arch, known }) => `there is no architecture '${arch}': it is one of ${known.join(', ')}`,
    hint: ({ nearest }) => meant(nearest),
  }),
  MSP_ARCH_REFUSED: entry<{ image: string; arch: string; reason: string }>({
    exit: 2,
    message: ({ image, arch, reason }) => `${image} cannot be built for ${arch}: ${reason}`,
    hint: () => 'what there is: machinespawn images',
  }),
  MSP_NAME_INVALID: entry<{ name: string; reason: string; suggestion: string | null }>({
    exit: 2,
    message: ({ name, reason }) => `'${name}' cannot be a machine name: ${reason}`,
    hint: ({ suggestion }) => (suggestion ? `a name that would do: ${suggestion}` : undefined),
  }),
  MSP_CONFIRMATION_MISSING: entry<{ action: string; flag: string }>({
    exit: 2,
    message: ({ action }) => `${action} needs a confirmation, and there is no terminal to ask on`,
    hint: ({ flag }) => `say it with ${flag}`,
  }),
} as const;
