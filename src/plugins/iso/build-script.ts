/** The script that writes the disc, run by a shell inside the boot loader's tree. */
import { efiPlatform, efiProgram, type Firmware, type IsoArch } from './loader-paths.ts';

export interface DiscSettings {
  readonly arch: IsoArch;
  readonly firmware: readonly Firmware[];
  /** Version of the kernel. */
  readonly kernel: string;
  /** Name of a file by which the boot loader finds its own disc. */
  readonly mark: string;
  readonly volume: string;
  /** Seconds since 1970. */
  readonly epoch: number;
}

const modules = 'iso9660 part_gpt part_msdos fat normal configfile search search_fs_file linux serial all_video echo';

/**
 * In the tree: /mnt has grub.cfg, early.cfg and filesystem.squashfs, and takes what is made on the way; /srv is the system.
 * The first argument is the file to write.
 */
export function buildScript(disc: DiscSettings): string {
  const { firmware, kernel, mark } = disc;
  return [
    'out=$1',
    'cd /mnt',
    'mkdir -p iso/live iso/.disk iso/boot/grub',
    `cp /srv/boot/vmlinuz-${kernel} iso/live/vmlinuz`,
    `cp /srv/boot/initrd.img-${kernel} iso/live/initrd.img`,
    `: > iso/.disk/${mark}`,
    'cp grub.cfg iso/boot/grub/grub.cfg',
    ...(firmware.includes('bios') ? biosLines() : []),
    ...(firmware.includes('uefi') ? uefiLines(disc.arch) : []),
    ...discLines(disc),
    '',
  ].join('\n');
}

function biosLines(): readonly string[] {
  return [
    `grub-mkimage -O i386-pc -p /boot/grub -c early.cfg -o core.img biosdisk ${modules}`,
    'cat /usr/lib/grub/i386-pc/cdboot.img core.img > iso/boot/grub/bios.img',
  ];
}

function uefiLines(arch: IsoArch): readonly string[] {
  const program = efiProgram[arch];
  return [
    `grub-mkimage -O ${efiPlatform[arch]} -p /boot/grub -c early.cfg -o ${program} ${modules}`,
    // Room for the tables and directories of FAT, in whole MiB.
    `size=$(( ($(stat -c %s ${program}) + 131072 + 1048575) / 1048576 ))`,
    'truncate -s "${size}M" efi.img',
    // The serial number would be random.
    'mformat -i efi.img -N 4d534953 -v EFI ::',
    'mmd -i efi.img ::/EFI ::/EFI/BOOT',
    `mcopy -i efi.img ${program} ::/EFI/BOOT/${program}`,
  ];
}

function discLines({ firmware, volume, epoch }: DiscSettings): readonly string[] {
  const options = [
    '-iso-level 3 -r -J -joliet-long',
    `-V ${volume}`,
    `--set_all_file_dates =${epoch}`,
    ...(firmware.includes('bios')
      ? [
          '-b boot/grub/bios.img -c boot/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table --grub2-boot-info',
          // Copied to a disk, it boots by the MBR. Some firmware wants an active partition for that.
          '--grub2-mbr /usr/lib/grub/i386-pc/boot_hybrid.img --mbr-force-bootable',
        ]
      : ['-c boot/boot.cat']),
    ...(firmware.includes('uefi')
      ? [
          // A GPT, since UEFI would take a disk with none for a disc.
          '--protective-msdos-label -append_partition 2 0xef efi.img -appended_part_as_gpt',
          `${firmware.includes('bios') ? '-eltorito-alt-boot ' : ''}-e --interval:appended_partition_2:all:: -no-emul-boot`,
        ]
      : []),
    '-graft-points iso /live/filesystem.squashfs=filesystem.squashfs',
  ];
  return [`xorriso -as mkisofs -quiet -o "$out" \\\n  ${options.join(' \\\n  ')}`];
}
