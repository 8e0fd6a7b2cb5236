import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { qemuBootTest } from '../../../src/steps/qemu-boot-test.ts';
import { exits, fakeHost, prints, testStep, type World } from '../../../src/testing.ts';

const sha256 = createHash('sha256').update('disc').digest('hex');
const image = { artifact: `artifact:${sha256}`, name: 'live.iso', sizeBytes: 4, sha256 };
const stored = `/var/cache/machinespawn/artifacts/${sha256}`;
const uefi = { '/usr/share/OVMF/OVMF_CODE_4M.fd': 'code', '/usr/share/OVMF/OVMF_VARS_4M.fd': 'variables' };
const prepare = (world: World): void => world.put({ [stored]: 'disc', ...uefi });
const qemu = { 'qemu-system-x86_64': prints(), 'qemu-system-aarch64': prints(), cp: prints() };
const boots = fakeHost({ programs: { ...qemu, sh: prints('\u001B[32mreport\u001B[0m', 'live login: ') } });
const ends = (code: number) => fakeHost({ programs: { ...qemu, sh: exits(code, 'Kernel panic - not syncing') } });
const computer = (world: World): string => world.commands.at(-1)?.args.join(' ') ?? '';

testStep(
  qemuBootTest,
  {
    accepts: [
      {
        name: 'a disc by UEFI',
        prepare,
        input: { image },
        host: boots,
        output: { firmware: 'uefi', seen: ['login:'] },
        after: (world) => {
          expect(world.commands[0]?.file).toBe('cp');
          expect(computer(world)).toMatch(
            / 600 -- login: -- Kernel panic will now start a shell -- qemu-system-x86_64 /u,
          );
          expect(computer(world)).toMatch(/q35,accel=tcg .*if=pflash,unit=0.*media=cdrom,file=\S+,?.*scsi-cd/u);
        },
      },
      {
        name: 'a disk by BIOS, with KVM',
        prepare: (world) => {
          prepare(world);
          world.put({ '/dev/kvm': '' });
        },
        input: { image, firmware: 'bios', attach: 'disk', expect: ['a', 'b'], refuse: [], timeout: '90s', memory: 512 },
        host: boots,
        output: { firmware: 'bios', seen: ['a', 'b'] },
        after: (world) => {
          expect(computer(world)).toMatch(/ 90 -- a b -- -- qemu-system-x86_64 .*accel=kvm.*-m 512.*virtio-blk-pci/u);
          expect(computer(world)).not.toMatch(/pflash/u);
        },
      },
      {
        name: 'a KVM that does not work',
        prepare: (world) => {
          prepare(world);
          world.put({ '/dev/kvm': '' });
        },
        input: { image, firmware: 'bios' },
        host: fakeHost({
          programs: {
            ...qemu,
            *sh({ args, complain }) {
              yield;
              if (!args.join(' ').includes('accel=kvm')) return 0;
              complain('failed to set MSR 0x10a');
              return 5;
            },
          },
        }),
        output: { firmware: 'bios', seen: ['login:'] },
        after: (world) => expect(world.commands.length).toBe(2),
      },
    ],
    refuses: [
      { name: 'an arm64 with a BIOS', input: { image, arch: 'arm64', firmware: 'bios' }, at: 'firmware' },
      { name: 'nothing to wait for', input: { image, expect: [] }, at: 'expect' },
      { name: 'two lines', input: { image, expect: ['a\nb'] }, at: 'expect.0' },
    ],
    fails: [
      { name: 'a text that must not appear', prepare, input: { image }, host: ends(3), code: 'MSP_BOOT_FAILED' },
      { name: 'too little time', prepare, input: { image }, host: ends(4), code: 'MSP_BOOT_FAILED' },
      { name: 'a computer that stops', prepare, input: { image }, host: ends(5), code: 'MSP_BOOT_FAILED' },
      {
        name: 'no qemu',
        prepare,
        input: { image },
        host: fakeHost({ programs: { cp: prints() } }),
        code: 'MSP_TOOL_MISSING',
      },
      { name: 'no firmware', prepare, input: { image, arch: 'arm64' }, host: boots, code: 'MSP_TOOL_MISSING' },
      { name: 'an image that is gone', input: { image }, host: boots, code: 'MSP_ARTIFACT_MISSING' },
    ],
  },
  test,
);
