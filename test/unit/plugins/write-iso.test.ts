import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { findKernel } from '../../../src/plugins/iso/find-kernel.ts';
import { grubConfig } from '../../../src/plugins/iso/grub-config.ts';
import { writeIso } from '../../../src/plugins/iso/write-iso.ts';
import { exits, fakeHost, testStep, type Program, type World } from '../../../src/testing.ts';

const sha256 = createHash('sha256').update('packed').digest('hex');
const squashfs = { artifact: `artifact:${sha256}`, name: 'filesystem.squashfs', sizeBytes: 6, sha256 };
const stored = `/var/cache/machinespawn/artifacts/${sha256}`;
const scratch = '/var/lib/machinespawn/scratch';
const pending = '/var/cache/machinespawn/work/files';
const system = {
  '/boot/vmlinuz-6.1.0-9': 'old',
  '/boot/initrd.img-6.1.0-9': 'old',
  '/boot/vmlinuz-6.1.0-10': 'kernel',
  '/boot/initrd.img-6.1.0-10': 'initrd',
  '/boot/vmlinuz-6.2.0-1': 'without an initrd',
  '/usr/share/initramfs-tools/scripts/live': 'x',
};
const loader = {
  '/usr/bin/grub-mkimage': 'x',
  '/usr/bin/xorriso': 'x',
  '/usr/bin/mformat': 'x',
  '/usr/lib/grub/i386-pc/cdboot.img': 'x',
  '/usr/lib/grub/x86_64-efi/moddep.lst': 'x',
};
const armLoader = { ...loader, '/usr/lib/grub/arm64-efi/moddep.lst': 'x' };

/** A boot loader's tree whose shell leaves half a disc when it is cut off. */
const chroot: Program = function* program({ args, world }) {
  const file = `${pending}/${(args[4] ?? '').slice('/media/'.length)}`;
  world.put({ [file]: 'half' });
  yield;
  world.remove(file);
  const made = ['build.sh', 'grub.cfg', 'early.cfg'].map((name) => world.read(`${scratch}/${name}`));
  world.put({ [file]: made.join('\n') });
};
const host = fakeHost({ programs: { chroot } });
const input =
  (more: object = {}, trees: { system?: object; loader?: object } = {}) =>
  (world: World) => ({
    tree: world.tree({ ...system, ...trees.system }),
    loader: world.tree({ ...loader, ...trees.loader }),
    squashfs,
    ...more,
  });
const prepare = (world: World): void => world.put({ [stored]: 'packed' });
const discOf = (world: World): string =>
  world.read(
    [...world.listing().keys()].find((path) => /artifacts\/[\da-f]{64}$/u.test(path) && !path.endsWith(sha256)) ?? '',
  ) ?? '';
const outputOf = (name: string, firmware: readonly ('bios' | 'uefi')[]) => (world: World) => {
  const content = discOf(world);
  const digest = createHash('sha256').update(content).digest('hex');
  const file = { artifact: `artifact:${digest}`, name, sizeBytes: Buffer.byteLength(content), sha256: digest };
  return { file, kernel: '6.1.0-10', firmware: [...firmware] };
};

testStep(
  writeIso,
  {
    accepts: [
      {
        name: 'a disc for amd64',
        prepare,
        input: input({ volume: 'MY_DISC', title: 'My disc', serial: 'ttyS1', epoch: 12 }),
        host,
        output: outputOf('live.iso', ['bios', 'uefi']),
        after: (world) => {
          const disc = discOf(world);
          expect(disc).toMatch(/--grub2-mbr .*boot_hybrid\.img/u);
          expect(disc).toMatch(/BOOTX64\.EFI/u);
          expect(disc).toMatch(/-V MY_DISC/u);
          expect(disc).toMatch(/--set_all_file_dates =12/u);
          expect(disc).toMatch(/vmlinuz-6\.1\.0-10 /u);
          expect(disc).toMatch(/menuentry 'My disc'/u);
          expect(disc).toMatch(/console=tty0 console=ttyS1$/mu);
          expect(world.commands[0]?.args.slice(1)).toEqual(['/bin/sh', '-eu', '/mnt/build.sh', '/media/live.iso']);
        },
      },
      {
        name: 'a disc for arm64',
        prepare,
        input: input({ arch: 'arm64', name: 'arm.iso' }, { loader: armLoader }),
        host,
        output: outputOf('arm.iso', ['uefi']),
        after: (world) => {
          expect(discOf(world)).toMatch(/-O arm64-efi .*BOOTAA64\.EFI/u);
          expect(discOf(world)).not.toMatch(/i386-pc|grub2-mbr|eltorito-alt-boot/u);
        },
      },
      {
        name: 'a disc for BIOS alone',
        prepare,
        input: input({ firmware: ['bios', 'bios'] }),
        host,
        output: outputOf('live.iso', ['bios']),
        after: (world) => expect(discOf(world)).not.toMatch(/efi\.img|BOOTX64/u),
      },
    ],
    refuses: [
      {
        name: 'an arm64 with a BIOS',
        input: { tree: 'x', loader: 'x', squashfs, arch: 'arm64', firmware: ['bios'] },
        at: 'firmware',
      },
      {
        name: 'a volume id with a space',
        input: { tree: 'x', loader: 'x', squashfs, volume: 'MY DISC' },
        at: 'volume',
      },
      {
        name: 'a volume id that is too long',
        input: { tree: 'x', loader: 'x', squashfs, volume: 'A'.repeat(33) },
        at: 'volume',
      },
      { name: 'a title that ends the quotes', input: { tree: 'x', loader: 'x', squashfs, title: "it's" }, at: 'title' },
      {
        name: 'options with a command of GRUB',
        input: { tree: 'x', loader: 'x', squashfs, kernelOptions: 'a; reboot' },
        at: 'kernelOptions',
      },
      {
        name: 'a serial console that is none',
        input: { tree: 'x', loader: 'x', squashfs, serial: 'COM1' },
        at: 'serial',
      },
    ],
    fails: [
      {
        name: 'a tree without a kernel',
        prepare,
        input: (world) => ({ tree: world.tree({ '/boot/config': '' }), loader: world.tree(loader), squashfs }),
        host,
        code: 'MSP_STEP_INPUT_INVALID',
      },
      {
        name: 'a tree without live-boot',
        prepare,
        input: (world) => {
          const { '/usr/share/initramfs-tools/scripts/live': _live, ...rest } = system;
          return { tree: world.tree(rest), loader: world.tree(loader), squashfs };
        },
        host,
        code: 'MSP_STEP_INPUT_INVALID',
      },
      {
        name: 'a loader for another architecture',
        prepare,
        input: input({ arch: 'arm64' }),
        host,
        code: 'MSP_STEP_INPUT_INVALID',
      },
      { name: 'a packed system that is gone', input: input(), host, code: 'MSP_ARTIFACT_MISSING' },
      {
        name: 'a disc that does not fit',
        prepare,
        input: input(),
        host: fakeHost({ programs: { chroot: exits(32, 'libburn : FATAL : No space left on device') } }),
        code: 'MSP_DISK_FULL',
      },
    ],
  },
  test,
);

test('the newest kernel with an initrd is taken, by the value of its numbers', async () => {
  const list = (names: readonly string[]) => ({ list: () => Promise.resolve(names) });
  const both = (...versions: readonly string[]) =>
    versions.flatMap((version) => [`vmlinuz-${version}`, `initrd.img-${version}`]);
  expect(await findKernel(list(both('6.1.0-9', '6.1.0-10')))).toBe('6.1.0-10');
  expect(await findKernel(list(['vmlinuz-6.1.0-9']))).toBe(null);
});

test('GRUB speaks on a serial port of a PC, and firmware does on others', () => {
  const menu = { title: 'x', kernelOptions: 'boot=live', timeout: 0 };
  expect(grubConfig({ ...menu, serial: 'ttyS0,9600' })).toMatch(/serial --unit=0 --speed=9600/u);
  expect(grubConfig({ ...menu, serial: 'ttyAMA0' })).not.toMatch(/--unit/u);
  expect(grubConfig({ ...menu, serial: '' })).toMatch(/linux \/live\/vmlinuz boot=live$/mu);
});
