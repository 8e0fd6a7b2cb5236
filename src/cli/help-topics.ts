/** Texts of `machinespawn help <topic>`. */
import { catalog } from '../errors/catalog.ts';
import { exitCodeTexts } from './exit-codes.ts';
import type { HelpTopicName } from './help-topic-names.ts';

export function topicText(topic: HelpTopicName): string {
  return topics[topic]();
}

const topics: Readonly<Record<HelpTopicName, () => string>> = {
  images: () => `Names of images

One release has many spellings; all of these mean the same:
  debian-12   debian-bookworm   debian:12   debian/bookworm   bookworm

An architecture may follow: bookworm/arm64. Words that move from release to release
(stable, testing) work too. What there is: machinespawn images`,

  pipelines: () => `Pipelines

Every command is a pipeline of steps, and a pipeline file of your own runs on the same engine:

  format: 1
  id: hello
  summary: Say hello
  inputs:
    who: { type: string, default: world, summary: Whom to greet }
  steps:
    - id: greet
      uses: echo
      with: { text: "hello \${{ inputs.who }}" }
  outputs:
    text: \${{ steps.greet.outputs.text }}

  machinespawn pipeline run ./hello.yaml -i who=you
  machinespawn pipeline steps            the step types and their options
  machinespawn pipeline validate FILE    all faults at once, with line and column
  machinespawn pipeline schema           JSON schema for the editor`,

  plugins: () => `Plugins

A plugin brings steps of your own to pipelines: one TypeScript or JavaScript file, or an npm
package. A pipeline names it, and uses its steps as NAME/STEP:

  plugins: [./paint.ts]
  steps:
    - { id: wall, uses: paint/wall, with: { color: green } }

  machinespawn plugins new paint         writes one that works, with its test
  machinespawn plugins check plugins/paint
  machinespawn plugins ls                those of this project, and those that are built in
  machinespawn pipeline steps paint/wall --plugin ./paint.ts

As root, machinespawn asks before it runs the code of a plugin for the first time, and again
when it has changed; --trust-plugins says yes beforehand.`,

  expressions: () => `Expressions

A value may hold \${{ … }} with the grammar of GitHub Actions:
  \${{ inputs.image }}                   an input
  \${{ steps.archive.outputs.suite }}    an output of an earlier step
  \${{ matrix.image }}                   a value of this combination of the matrix
  \${{ steps.pack.outputs.*.file }}       where matrix: false, those of all combinations
  \${{ inputs.arch == 'arm64' }}         operators: == != < <= > >= && || !
An unknown name is a fault of the file, found before anything runs.`,

  files: () => `Files

  /var/lib/machines            machines            (--machines-dir)
  /var/cache/machinespawn      snapshots, packages (--cache-dir)
  /var/lib/machinespawn        runs, journals, logs (--state-dir)

Pipelines are found by name here, and are files anywhere else:
  ./pipelines   ~/.config/machinespawn/pipelines   /etc/machinespawn/pipelines

A user who is not root has places of his own for pipelines that need no root:
  $XDG_STATE_HOME/machinespawn runs, journals, logs (~/.local/state otherwise)
  $XDG_CACHE_HOME/machinespawn results             (~/.cache otherwise)`,

  environment: () => `Environment

  MACHINESPAWN_STATE_DIR, MACHINESPAWN_CACHE_DIR, MACHINESPAWN_MACHINES_DIR
                               as --state-dir, --cache-dir, --machines-dir
  MACHINESPAWN_SNAPSHOT_DRIVER as --snapshot-driver
  MACHINESPAWN_PROGRESS        as --progress
  MACHINESPAWN_JOBS            as --jobs
  MACHINESPAWN_NO_INPUT        as --no-input
  MACHINESPAWN_MIRROR          as --mirror of bootstrap
  MACHINESPAWN_PROXY           as --proxy of bootstrap and run; the place for a password
  NO_COLOR, FORCE_COLOR, TERM, CI, GITHUB_ACTIONS, GITHUB_STEP_SUMMARY
                               have their usual meaning
  http_proxy, https_proxy, no_proxy, all_proxy
                               are honoured where --proxy says nothing

An option wins over the environment.`,

  'exit-codes': () => `Exit codes

${exitCodeTexts.map(([code, text]) => `  ${code.padEnd(7)}${text}`).join('\n')}`,

  errors: () => `Errors

Each error has a code that stays the same in all releases, and an exit code:

${Object.entries(catalog)
  .map(([code, { exit }]) => `  ${code.padEnd(32)}${exit}`)
  .toSorted((a, b) => (a < b ? -1 : 1))
  .join('\n')}`,
};
