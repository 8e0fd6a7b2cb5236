/** Gives the machine what no other one has: host name, machine-id; ssh makes new keys when it first starts. */
import { z } from 'zod';
import { hostsFile } from '../model/hosts-file.ts';
import { hostNameSchema, machineNameSchema } from '../model/schemas.ts';
import { defineStep } from './define-step.ts';
import { isStagingThere } from './lib/staging.ts';

export const setIdentity = defineStep({
  id: 'set-identity',
  summary: 'Give the machine a host name and a machine-id',
  version: 1,
  input: z.strictObject({
    staging: z.string().describe('Directory in which the machine is prepared'),
    name: machineNameSchema,
    hostname: z
      .union([z.literal(''), hostNameSchema])
      .default('')
      .describe("Host name; '' for the machine's name"),
  }),
  output: z.strictObject({
    machineId: z.string().describe('The new machine-id: 32 hex digits'),
    hostname: z.string().describe('The host name'),
  }),
  reuse: 'run',
  needs: { root: true },
  check: ({ input, services }) => isStagingThere(services, input.staging, input.name),
  describe: ({ hostname }) => `host name ${hostname}, new machine-id`,

  async run({ services, input }) {
    const root = services.root(input.staging);
    const hostname = input.hostname || input.name;
    const machineId = uuid4(services.facts.randomHex(16));
    await root.writeText('/etc/hostname', `${hostname}\n`);
    await root.writeText('/etc/hosts', hostsFile(hostname));
    await root.writeText('/etc/machine-id', `${machineId}\n`, { mode: 0o444 });
    if ((await root.info('/var/lib/dbus'))?.type === 'directory') {
      await root.symlink('/var/lib/dbus/machine-id', '/etc/machine-id');
    }
    for (const name of await root.list('/etc/ssh')) {
      if (name.startsWith('ssh_host_')) await root.remove(`/etc/ssh/${name}`);
    }
    return { machineId, hostname };
  },
});

/** machine-id(5): new ones have the form of a random UUID. */
function uuid4(hex: string): string {
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 12)}4${hex.slice(13, 16)}${variant}${hex.slice(17)}`;
}
