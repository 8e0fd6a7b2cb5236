/**
 * Writes a hybrid ISO: it boots as a disc and as a disk, by BIOS and by UEFI (amd64) or by UEFI (arm64).
 * Boot loader and tools come from a tree, not from the host: the same trees give the same bytes on every host, and a
 * foreign architecture has its own.
 */
import { artifactSchema, defineStep, fail, z } from '../../plugin.ts';
import { buildScript } from './build-script.ts';
import { findKernel } from './find-kernel.ts';
import { grubConfig } from './grub-config.ts';
import { loaderPaths, type Firmware } from './loader-paths.ts';

const plainLine = /^[^'"\\$`{}\r\n]+$/u;

const input = z
  .strictObject({
    tree: z.string().describe('The system: kernel and initrd are taken from its /boot; it has live-boot'),
    squashfs: artifactSchema.describe('The same system, packed'),
    loader: z
      .string()
      .describe('Tree with grub-common, grub-pc-bin and grub-efi-amd64-bin or -arm64-bin, xorriso, mtools'),
    arch: z.enum(['amd64', 'arm64']).default('amd64').describe('Architecture that it boots on'),
    firmware: z
      .array(z.enum(['bios', 'uefi']))
      .default([])
      .describe('How it boots; none for all that there is'),
    name: z
      .string()
      .regex(/^[A-Za-z0-9][\w.+~@-]{0,199}$/u, 'not a plain file name')
      .default('live.iso')
      .describe('Name of the file'),
    volume: z
      .string()
      .regex(/^[\w.-]{1,32}$/u, 'at most 32 letters, digits and _ . -')
      .default('DEBIAN_LIVE')
      .describe('Volume id'),
    title: z
      .string()
      .regex(plainLine, 'a line without quotes, $, \\ and braces')
      .default('Live system')
      .describe('What the boot menu says'),
    kernelOptions: z
      .string()
      .regex(/^[\w .,:=/@%+-]*$/u, 'only letters, digits, spaces and . , : = / @ % + - _')
      .default('boot=live')
      .describe('Command line of the kernel'),
    serial: z
      .union([z.literal(''), z.string().regex(/^tty[A-Z]+\d+(?:,\d+)?$/u, 'such as ttyS0,115200')])
      .default('')
      .describe("Serial console for menu and kernel, such as ttyS0,115200; '' for none"),
    timeout: z.int().min(0).max(3600).default(5).describe('Seconds until the menu goes on'),
    epoch: z.int().min(0).default(0).describe('SOURCE_DATE_EPOCH: date of the disc and of its files, in seconds'),
  })
  .refine(({ arch, firmware }) => arch === 'amd64' || !firmware.includes('bios'), {
    error: 'only amd64 has a BIOS',
    path: ['firmware'],
  });

export const writeIso = defineStep({
  id: 'write-iso',
  summary: 'Write an ISO that boots',
  version: 1,
  input,
  output: z.strictObject({
    file: artifactSchema,
    kernel: z.string().describe('Version of the kernel on it'),
    firmware: z.array(z.enum(['bios', 'uefi'])).describe('How it boots'),
  }),
  reuse: 'always',
  needs: { root: true, tools: ['chroot'] },
  describe: ({ file, kernel, firmware }) =>
    `${file.name}, ${Math.round(file.sizeBytes / 1048576)} MiB, Linux ${kernel}, ${firmware.join(' and ')}`,

  async run(context) {
    const { services, input, stepId } = context;
    const { arch, epoch } = input;
    const firmware: Firmware[] =
      input.firmware.length > 0
        ? [...new Set(input.firmware)].toSorted()
        : arch === 'amd64'
          ? ['bios', 'uefi']
          : ['uefi'];
    const system = await services.trees.view(input.tree);
    const loader = await services.trees.view(input.loader);
    const unusable = (problem: string) => fail('MSP_STEP_INPUT_INVALID', { step: stepId, problem });
    const kernel = await findKernel(system.root);
    if (kernel === null)
      throw unusable('the tree has no kernel with an initrd in /boot: install linux-image and live-boot');
    if ((await system.root.info('/usr/share/initramfs-tools/scripts/live')) === null)
      throw unusable('the tree has no live-boot, without which its initrd does not find the disc');
    for (const [path, debianPackage] of loaderPaths(arch, firmware)) {
      if ((await loader.root.info(path)) === null)
        throw unusable(`the loader's tree has no ${path}: install ${debianPackage} in it`);
    }

    const { scratch } = services.directories;
    // Found again by a file of its own name: another disc with the same volume id may be in the computer.
    const mark = context.key.slice(0, 16);
    await services.files.writeText(`${scratch}/grub.cfg`, grubConfig(input));
    await services.files.writeText(
      `${scratch}/early.cfg`,
      `search --no-floppy --set=root --file /.disk/${mark}\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n`,
    );
    await services.files.writeText(
      `${scratch}/build.sh`,
      buildScript({ arch, firmware, kernel, mark, volume: input.volume, epoch }),
    );
    const target = await services.artifacts.create(input.name);
    const packed = await services.artifacts.open(input.squashfs.artifact);
    // Something to mount it upon.
    await services.files.writeText(`${scratch}/filesystem.squashfs`, '');
    context.progress({ phase: 'writing the disc' });
    await services.exec({
      file: 'chroot',
      args: [loader.path, '/bin/sh', '-eu', '/mnt/build.sh', `/media/${input.name}`],
      label: 'write-iso',
      env: { SOURCE_DATE_EPOCH: String(epoch) },
      // Mounted upon directories that every Debian has, and that belong to nobody.
      binds: [
        { from: loader.path, to: loader.path, readOnly: true },
        { from: system.path, to: `${loader.path}/srv`, readOnly: true },
        { from: scratch, to: `${loader.path}/mnt` },
        { from: packed, to: `${loader.path}/mnt/filesystem.squashfs`, readOnly: true },
        { from: target.slice(0, target.lastIndexOf('/')), to: `${loader.path}/media` },
      ],
    });
    return { file: await services.artifacts.keep(target), kernel, firmware };
  },
});
