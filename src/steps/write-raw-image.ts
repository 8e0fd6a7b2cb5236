/** Writes a disk image beside the machines, unpacked, with holes where there are zeros, and reads its partitions. */
import { z } from 'zod';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { fileSystemBytes, readFileSystemSize } from '../model/file-system-size.ts';
import { readPartitionTable, tableBytes, type PartitionTable } from '../model/partition-table.ts';
import { archSchema, machineNameSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { convertImage } from './lib/convert-image.ts';
import { forgetImage } from './lib/download-cache.ts';
import { compressionSchema, pulledImageSchema } from './lib/pulled-image.ts';
import { requireUnchanged } from './lib/require-unchanged.ts';
import { reserveName } from './lib/reserve-name.ts';
import { isStagingOf, isStagingThere, stagingPath } from './lib/staging.ts';
import { treeSize } from './lib/tree-size.ts';

const qcow2HeaderBytes = 104;

const input = z.strictObject({
  image: pulledImageSchema,
  compression: compressionSchema,
  content: z.enum(['tar', 'raw', 'qcow2']).describe('What is in it, as inspect-image found out'),
  name: machineNameSchema.describe('Name of the new machine'),
  arch: z
    .union([archSchema, z.literal('')])
    .default('')
    .describe("Architecture that it must have; '' for any"),
});
type Input = z.output<typeof input>;

export const writeRawImage = defineStep({
  id: 'write-raw-image',
  summary: 'Write a disk image for the new machine',
  version: 2,
  input,
  output: z.strictObject({
    staging: z.string().describe('File in which the machine is prepared'),
    sizeBytes: z.number().describe('Space that it takes, without its holes'),
    table: z.enum(['gpt', 'mbr', 'none']).describe('Its table of partitions'),
    partitions: z.array(z.string()).describe('Types of its partitions, in order'),
    arch: archSchema.nullable().describe('Architecture, where the table tells it'),
  }),
  reuse: 'run',
  needs: { root: true, tools: ['sync', 'du'] },
  claims: ({ name }) => [`machine-${name}`],
  check: ({ input, output, services }) => isStagingThere(services, output.staging, input.name),
  describe: ({ table, partitions, arch }) =>
    table === 'none' ? 'no partitions' : `${table}: ${partitions.join(', ')}${arch === null ? '' : `; ${arch}`}`,

  async run(context) {
    const { services, input } = context;
    const { directory } = services.machines;
    await services.files.makeDirectory(directory, { mode: 0o700 });
    // Two runs that prepare the same name would remove each other's image.
    await reserveName(services, input.name);
    await services.lock(`machine-${input.name}`);
    for (const fileName of await services.files.list(directory)) {
      if (isStagingOf(fileName, input.name)) await services.files.remove(`${directory}/${fileName}`);
    }
    const place = stagingPath(directory, input.name, services.facts.randomHex(4));
    await services.files.makeDirectory(place, { mode: 0o700 });
    try {
      const image = await write(context, place);
      await requireUnchanged(services, input.image);
      const table = await readTable(context, image);
      await services.exec({ file: 'sync', args: ['-f', image], sandbox: false });
      const staging = stagingPath(directory, input.name, services.facts.randomHex(4));
      await services.files.publish(image, staging);
      await services.files.remove(place);
      const sizeBytes = await treeSize(context, staging);
      return {
        staging,
        sizeBytes,
        table: table.kind,
        partitions: table.partitions.map(({ type }) => type),
        arch: table.arch,
      };
    } catch (error) {
      if (MachinespawnError.is(error) && error.code !== 'MSP_CANCELLED') await services.files.remove(place);
      if (MachinespawnError.is(error) && error.code === 'MSP_IMAGE_DAMAGED') await forgetImage(services, input.image);
      throw error;
    }
  },
});

/** Path of the image below `place`. */
async function write({ services, input }: Context<Input>, place: string): Promise<string> {
  const { image, compression, content } = input;
  if (content === 'tar') throw fail('MSP_IMAGE_REFUSED', { archive: image.name, problem: 'it is a tar archive' });
  const packed = content === 'qcow2' && compression === 'none' ? image.path : `${place}/image`;
  if (packed !== image.path)
    await services.archives.writeImage({ archive: image.path, name: image.name, compression, directory: place });
  if (content === 'raw') return packed;
  const header = await services.root('/').readStart(packed, qcow2HeaderBytes);
  const problem = qcow2Problem(header ?? Buffer.alloc(0));
  if (problem !== null) throw fail('MSP_IMAGE_REFUSED', { archive: image.name, problem });
  await convertImage(services, { name: image.name, from: packed, to: `${place}/raw` });
  return `${place}/raw`;
}

/** An image may name other files of the host, whose content would become part of the machine. */
function qcow2Problem(header: Buffer): string | null {
  if (header.length < 72) return 'its header is cut off';
  if (header.readBigUInt64BE(8) !== 0n) return 'it is a layer upon another file';
  const hasFeatures = header.readUInt32BE(4) >= 3 && header.length >= 80;
  return hasFeatures && (header.readBigUInt64BE(72) & 4n) !== 0n ? 'its data is in another file' : null;
}

async function readTable({ services, input, log }: Context<Input>, path: string): Promise<PartitionTable> {
  const { image, arch } = input;
  const start = (await services.root('/').readStart(path, Math.max(tableBytes, fileSystemBytes))) ?? Buffer.alloc(0);
  const table = readPartitionTable(start.subarray(0, tableBytes));
  const sizeBytes = (await services.files.info(path))?.sizeBytes ?? 0;
  if (table.endBytes > sizeBytes)
    throw fail('MSP_IMAGE_DAMAGED', {
      archive: image.name,
      problem: `its partitions end at ${table.endBytes}, and it has ${sizeBytes} bytes`,
    });
  const bare = table.kind === 'none' ? readFileSystemSize(start) : null;
  if (bare !== null && bare.sizeBytes > sizeBytes)
    throw fail('MSP_IMAGE_DAMAGED', {
      archive: image.name,
      problem: `its ${bare.type} has ${bare.sizeBytes} bytes, and it has ${sizeBytes}: it is cut off`,
    });
  // All partitions are there, so it may do; the kernel takes the table at the beginning.
  if (table.diskBytes > sizeBytes)
    log.warn(`${image.name} is cut off: it has ${sizeBytes} bytes of a disk of ${table.diskBytes}`);
  if (arch !== '' && table.arch !== null && table.arch !== arch)
    throw fail('MSP_PULL_ARCH', { name: image.name, arch: table.arch, wanted: arch });
  return table;
}
