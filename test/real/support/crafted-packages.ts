/** Packages of our own among those of a machine, as if they had come from the archive. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  debPath,
  selectionPath,
  type PackageSelection,
  type SelectedPackage,
} from '../../../src/model/package-selection.ts';
import { debFile, sha256, type DebSpec } from '../../support/deb-file.ts';
import { machinespawn, type Ended, type Place } from './machinespawn.ts';

export interface CraftedPackage {
  readonly name: string;
  readonly stage: SelectedPackage['stage'];
  readonly deb?: DebSpec;
  /** More fields of its control file: whole lines. */
  readonly fields?: string;
}

const pipeline = [
  'format: 1',
  'id: odd',
  'summary: Unpacks and configures a selection',
  'inputs: { selection: { type: string, summary: Digest }, idle: { type: string, default: 15m, summary: Time } }',
  'steps:',
  '  - { id: unpack, uses: unpack-packages, with: { selection: "${{ inputs.selection }}" } }',
  '  - id: configure',
  '    uses: configure-packages',
  '    with:',
  '      tree: ${{ steps.unpack.outputs.tree }}',
  '      selection: ${{ inputs.selection }}',
  '      idle: ${{ inputs.idle }}',
  '  - { id: pack, uses: tar, with: { tree: "${{ steps.configure.outputs.tree }}", name: rootfs.tar } }',
  'outputs: { file: "${{ steps.pack.outputs.file }}" }',
].join('\n');

/** Adds them to bookworm's minbase, which `place` has built before. @param args more of `pipeline run` */
export async function buildOf(
  place: Place,
  crafted: readonly CraftedPackage[],
  args: readonly string[] = [],
): Promise<Ended> {
  const added = crafted.map((one) => put(place, one));
  const minbase = knownMinbase(place);
  const packages = [...minbase.packages, ...added].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const text = JSON.stringify({ ...minbase, packages });
  writeFileSync(selectionPath(place.cache, sha256(text)), text);
  const file = join(place.root, 'odd.yaml');
  writeFileSync(file, pipeline);
  const command = ['--json', '-y', 'pipeline', 'run', file, '-i', `selection=${sha256(text)}`, ...args];
  return await machinespawn(place, command);
}

function put({ cache }: Place, { name, stage, deb, fields = '' }: CraftedPackage): SelectedPackage {
  const version = `1.0+${sha256(JSON.stringify([name, deb, fields])).slice(0, 8)}`;
  const plain = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: A <a@b>\n${fields}Description: demo\n`;
  const content = debFile({ control: plain, ...deb });
  const one: SelectedPackage = {
    ...{ name, version, arch: 'all', priority: 'optional', section: 'misc', essential: false, multiArch: null },
    ...{ preDepends: [], depends: [], mirror: 'http://127.0.0.1', filename: name, stage },
    ...{ sizeBytes: content.length, sha256: sha256(content) },
  };
  writeFileSync(debPath(join(cache, 'packages/debian'), one), content);
  return one;
}

function knownMinbase({ cache }: Place): PackageSelection {
  const directory = join(cache, 'lists/selections');
  const known = readdirSync(directory).map(
    (name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as PackageSelection,
  );
  const minbase = known.find(
    ({ suite, arch, packages }) => suite === 'bookworm' && arch === 'amd64' && packages.length === 88,
  );
  if (minbase === undefined) throw new TypeError('there is no minbase of bookworm');
  return minbase;
}
