/** The computer that qemu pretends, as a command line. */

export interface QemuMachine {
  readonly program: string;
  readonly debianPackage: string;
  readonly args: readonly string[];
  /** Files of the host that it needs. */
  readonly firmwareFiles: readonly string[];
  readonly firmwarePackage: string;
  /** Of the firmware: to be copied to `variables` in the working directory, since it is written to. */
  readonly variables: string | null;
}

export interface QemuSettings {
  readonly arch: 'amd64' | 'arm64';
  readonly firmware: 'bios' | 'uefi';
  readonly attach: 'cdrom' | 'disk';
  /** Path on the host. */
  readonly image: string;
  /** MiB. */
  readonly memory: number;
  readonly hasKvm: boolean;
}

// Of the packages ovmf and qemu-efi-aarch64.
const uefi = {
  amd64: {
    code: '/usr/share/OVMF/OVMF_CODE_4M.fd',
    variables: '/usr/share/OVMF/OVMF_VARS_4M.fd',
    debianPackage: 'ovmf',
  },
  arm64: {
    code: '/usr/share/AAVMF/AAVMF_CODE.fd',
    variables: '/usr/share/AAVMF/AAVMF_VARS.fd',
    debianPackage: 'qemu-efi-aarch64',
  },
} as const;

export function qemuMachine({ arch, firmware, attach, image, memory, hasKvm }: QemuSettings): QemuMachine {
  const { code, variables, debianPackage } = uefi[arch];
  const accel = hasKvm ? 'kvm' : 'tcg';
  // A comma in a value is written twice.
  const file = `file=${image.replaceAll(',', ',,')}`;
  return {
    program: arch === 'amd64' ? 'qemu-system-x86_64' : 'qemu-system-aarch64',
    debianPackage: arch === 'amd64' ? 'qemu-system-x86' : 'qemu-system-arm',
    firmwareFiles: firmware === 'uefi' ? [code, variables] : [],
    firmwarePackage: debianPackage,
    variables: firmware === 'uefi' ? variables : null,
    args: [
      ...['-machine', `${arch === 'amd64' ? 'q35' : 'virt'},accel=${accel}`],
      ...['-cpu', hasKvm ? 'host' : 'max', '-smp', '2', '-m', String(memory)],
      // Nothing of the computer reaches the network or the terminal.
      ...['-nodefaults', '-display', 'none', '-no-reboot', '-nic', 'none', '-device', 'virtio-rng-pci'],
      ...(arch === 'amd64' ? ['-vga', 'std'] : []),
      ...(firmware === 'uefi'
        ? [
            ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${code}`],
            ...['-drive', 'if=pflash,unit=1,format=raw,file=variables'],
          ]
        : []),
      ...(attach === 'cdrom'
        ? [
            // Every kernel of a virtual machine has a driver for this one; small ones have none for SATA.
            ...['-device', 'virtio-scsi-pci', '-drive', `if=none,id=image,format=raw,readonly=on,media=cdrom,${file}`],
            ...['-device', 'scsi-cd,drive=image,bootindex=0'],
          ]
        : [
            ...['-drive', `if=none,id=image,format=raw,readonly=on,${file}`],
            ...['-device', 'virtio-blk-pci,drive=image,bootindex=0'],
          ]),
    ],
  };
}
