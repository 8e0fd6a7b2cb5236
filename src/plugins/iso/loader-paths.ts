/** What the boot loader's tree must have. */
export type Firmware = 'bios' | 'uefi';
export type IsoArch = 'amd64' | 'arm64';

/** Name of GRUB's platform. */
export const efiPlatform = { amd64: 'x86_64-efi', arm64: 'arm64-efi' } as const satisfies Record<IsoArch, string>;
/** Name that firmware looks for: UEFI specification 2.10, 3.5.1.1. */
export const efiProgram = { amd64: 'BOOTX64.EFI', arm64: 'BOOTAA64.EFI' } as const satisfies Record<IsoArch, string>;

/** Paths, each with the Debian package that brings it. */
export function loaderPaths(arch: IsoArch, firmware: readonly Firmware[]): readonly (readonly [string, string])[] {
  return [
    ['/usr/bin/grub-mkimage', 'grub-common'],
    ['/usr/bin/xorriso', 'xorriso'],
    ...(firmware.includes('bios') ? ([['/usr/lib/grub/i386-pc/cdboot.img', 'grub-pc-bin']] as const) : []),
    ...(firmware.includes('uefi')
      ? ([
          [`/usr/lib/grub/${efiPlatform[arch]}/moddep.lst`, `grub-efi-${arch}-bin`],
          ['/usr/bin/mformat', 'mtools'],
        ] as const)
      : []),
  ];
}
