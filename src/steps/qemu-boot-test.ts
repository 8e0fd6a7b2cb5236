/** Boots a disc or a disk in qemu and waits for words on its serial console. A boot that merely ends is not a pass. */
import { z } from 'zod';
import { fail, MachinespawnError } from '../errors/machinespawn-error.ts';
import { artifactSchema, durationSchema } from '../model/schemas.ts';
import { defineStep, type Context } from './define-step.ts';
import { qemuMachine, type QemuMachine } from './lib/qemu-machine.ts';
import { watchSerial } from './lib/watch-serial.ts';

const consoleText = z.string().regex(/^[^\r\n]+$/u, 'not a part of a line');

const input = z
  .strictObject({
    image: artifactSchema.describe('What is booted'),
    arch: z.enum(['amd64', 'arm64']).default('amd64').describe('Architecture of the computer'),
    firmware: z.enum(['bios', 'uefi']).default('uefi').describe('Its firmware'),
    attach: z.enum(['cdrom', 'disk']).default('cdrom').describe('Is the image in the drive, or is it a disk?'),
    expect: z.array(consoleText).min(1).default(['login:']).describe('Texts that must all appear'),
    refuse: z
      .array(consoleText)
      .default(['Kernel panic', 'will now start a shell'])
      .describe('Texts of which none may appear before them'),
    memory: z.int().min(128).default(1024).describe('Memory, in MiB'),
    timeout: durationSchema.prefault('10m').describe('How long it may take, such as 10m'),
    accel: z.enum(['auto', 'tcg']).default('auto').describe('auto: KVM where it can be used'),
  })
  .refine(({ arch, firmware }) => arch === 'amd64' || firmware === 'uefi', {
    error: 'only amd64 has a BIOS',
    path: ['firmware'],
  });
type Input = z.output<typeof input>;

/** Exit codes of the script that watches. */
const problems: Readonly<Record<number, string>> = {
  3: 'a text appeared that must not',
  4: 'the time was over',
  5: 'the computer stopped',
};

export const qemuBootTest = defineStep({
  id: 'qemu-boot-test',
  summary: 'Boot an image in qemu and wait for words on its serial console',
  version: 1,
  input,
  output: z.strictObject({
    firmware: z.enum(['bios', 'uefi']).describe('What it was booted with'),
    seen: z.array(z.string()).describe('The texts that appeared'),
  }),
  reuse: 'always',
  needs: { root: true },
  // What it was tried with does not decide what it is.
  identity: ({ image, arch, firmware, attach, expect, refuse }) => ({
    image: image.sha256,
    arch,
    firmware,
    attach,
    expect,
    refuse,
  }),
  describe: ({ firmware, seen }) => `${firmware}: ${seen.map((text) => `'${text}'`).join(', ')}`,

  async run(context) {
    const { services, input } = context;
    const hasKvm =
      input.accel === 'auto' && input.arch === services.facts.arch && (await services.files.info('/dev/kvm')) !== null;
    try {
      await boot(context, await computer(context, hasKvm));
    } catch (error) {
      // Where virtual machines are nested, KVM may be there and not work.
      const isKvm = hasKvm && MachinespawnError.is(error) && error.data['problem'] === problems[5];
      if (!isKvm) throw error;
      context.log.info('the computer stopped with KVM: once more without');
      await boot(context, await computer(context, false));
    }
    return { firmware: input.firmware, seen: input.expect };
  },
});

async function boot(context: Context<Input>, machine: QemuMachine): Promise<void> {
  const { services, input } = context;
  const { scratch } = services.directories;
  if (machine.variables !== null)
    await services.exec({ file: 'cp', args: ['--', machine.variables, `${scratch}/variables`], sandbox: false });
  const serial = `${scratch}/serial.log`;
  const lastLines: string[] = [];
  const phase = `booting by ${input.firmware}`;
  context.progress({ phase });
  const seconds = String(Math.ceil(input.timeout / 1000));
  const texts = ['--', ...input.expect, '--', ...input.refuse, '--'];
  try {
    await services.exec({
      file: 'sh',
      args: [
        '-c',
        watchSerial,
        'watch',
        serial,
        seconds,
        ...texts,
        machine.program,
        ...machine.args,
        '-serial',
        `file:${serial}`,
      ],
      label: 'serial console',
      cwd: scratch,
      onLine: (line) => {
        const text = plain(line);
        if (text === '') return;
        lastLines.splice(0, lastLines.length, ...lastLines.slice(-14), text);
        context.progress({ phase, text: text.slice(0, 80) });
      },
    });
  } catch (error) {
    const code = MachinespawnError.is(error) && error.code === 'MSP_TOOL_FAILED' ? error.data['exitCode'] : null;
    const problem = typeof code === 'number' ? problems[code] : undefined;
    if (problem === undefined) throw error;
    const { image, firmware } = input;
    throw fail('MSP_BOOT_FAILED', { image: image.name, firmware, problem, tail: lastLines.join('\n') }, error);
  }
}

async function computer({ services, input }: Context<Input>, hasKvm: boolean): Promise<QemuMachine> {
  const image = await services.artifacts.open(input.image.artifact);
  const machine = qemuMachine({ ...input, image, hasKvm });
  if ((await services.facts.findProgram(machine.program)) === null)
    throw fail('MSP_TOOL_MISSING', { tool: machine.program, debianPackage: machine.debianPackage });
  for (const path of machine.firmwareFiles) {
    if ((await services.files.info(path)) === null)
      throw fail('MSP_TOOL_MISSING', { tool: path, debianPackage: machine.firmwarePackage });
  }
  return machine;
}

/** Without what moves the cursor and sets colors: ECMA-48 control sequences. */
function plain(line: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is taken out
  return line.replaceAll(/\u001B\[[\d;?=]*[A-Za-z]|[\u0000-\u001F\u007F]/gu, '').trim();
}
