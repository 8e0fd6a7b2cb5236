import { fail, MachinespawnError } from '../../errors/machinespawn-error.ts';
import { formatByteSize } from '../../model/byte-size.ts';
import { parseDuration } from '../../model/duration.ts';
import { defineCommand } from '../command.ts';
import { confirm } from '../confirm.ts';
import { execute } from '../execute.ts';

export const cleanCache = defineCommand({
  name: 'clean-cache',
  hiddenAliases: ['clean-bootstrap'],
  summary: 'Free space in /var/cache/machinespawn',
  group: 'Manage',
  needsRoot: 'always',
  positionals: [{ name: 'image', summary: 'Only what was made for these images', optional: true, variadic: true }],
  options: {
    all: { type: 'boolean', summary: 'Everything, the history of runs too' },
    bootstrap: { type: 'boolean', summary: 'Snapshots, files and results of steps' },
    packages: { type: 'boolean', summary: 'Downloaded .deb files, and what was unpacked of them' },
    downloads: { type: 'boolean', summary: 'Other downloads' },
    runs: { type: 'boolean', summary: 'The history of runs' },
    olderThan: { type: 'string', valueName: 'DUR', summary: 'Only what is older, such as 30d' },
    keep: { type: 'count', valueName: 'N', summary: 'Leave the newest N of each kind' },
    json: { type: 'boolean', summary: 'Print what was freed as JSON' },
  },
  examples: [
    ['machinespawn clean-cache --older-than 30d', 'what nobody used for a month'],
    ['machinespawn clean-cache debian-12', 'the bases of one image'],
    ['machinespawn clean-cache --packages', 'only downloaded packages'],
  ],
  details:
    'Without a kind: snapshots, packages and downloads. What an unfinished run or a running build needs is never removed.',

  async run(invocation) {
    const { positionals, options, globals, terminal } = invocation;
    if (options.olderThan !== undefined) parseDuration(options.olderThan);
    const images = await Promise.all((positionals.image ?? []).map(canonical));
    const kinds = kindsOf(options, images.length > 0);
    const inputs = {
      images,
      kinds,
      keep: options.keep ?? 0,
      ...(options.olderThan === undefined ? {} : { olderThan: options.olderThan }),
    };
    return execute(
      invocation,
      { pipeline: 'clean-cache', inputs, ephemeral: true },
      {
        root: true,
        silent: true,
        confirm: async () =>
          !options.all ||
          confirm(
            {
              text: 'Remove everything from the cache, and the history of runs?',
              action: 'clean-cache --all',
              unattended: 'demand',
            },
            globals,
            terminal,
          ),
        finish: ({ outputs }) => {
          const freedBytes = typeof outputs['freedBytes'] === 'number' ? outputs['freedBytes'] : 0;
          const removed = Array.isArray(outputs['removed']) ? outputs['removed'] : [];
          if (options.json) terminal.out(JSON.stringify({ freedBytes, removed }, null, 2));
          else
            terminal.say(
              removed.length === 0
                ? 'Nothing to free.'
                : `Freed ${formatByteSize(freedBytes)} (${removed.length} removed).`,
            );
          return 0;
        },
      },
    );
  },
});

type Kind = 'bootstrap' | 'packages' | 'downloads' | 'runs';

function kindsOf(options: Readonly<Record<Kind | 'all', boolean>>, hasImages: boolean): readonly Kind[] {
  const asked = (['bootstrap', 'packages', 'downloads', 'runs'] as const).filter(
    (kind) => options.all || options[kind],
  );
  if (asked.length > 0) return asked;
  // Packages and downloads belong to no image.
  return hasImages ? ['bootstrap'] : ['bootstrap', 'packages', 'downloads'];
}

/** The ancestor's caches were called ubuntu-jammy-amd64; old scripts may still say so. */
async function canonical(text: string): Promise<string> {
  const { formatImageSpec, parseImageSpec } = await import('../../model/image-spec.ts');
  try {
    return formatImageSpec(parseImageSpec(text));
  } catch (error) {
    const found = /^(.+)-(amd64|i386|armhf|arm64)$/u.exec(text);
    if (!MachinespawnError.is(error) || found === null) throw error;
    if (found[1] === undefined) throw fail('MSP_IMAGE_UNKNOWN', { image: text });
    return formatImageSpec(parseImageSpec(`${found[1]}/${found[2] ?? ''}`));
  }
}
