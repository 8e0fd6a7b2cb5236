/** Takes out of a tree what belongs to one machine or one day: whatever is made from it gets its own. */
import { z } from 'zod';
import { hostsFile } from '../model/hosts-file.ts';
import { hostNameSchema } from '../model/schemas.ts';
import { defineStep } from './define-step.ts';
import { blankMachineId } from './lib/blank-machine-id.ts';
import { clearAptTraces } from './lib/clear-apt-traces.ts';
import { installedPackages } from './lib/dpkg-status.ts';
import { replaceText } from './lib/replace-text.ts';

const secondsOfDay = 86_400;
const unwanted = [
  '/etc/hostname',
  '/etc/hosts',
  '/etc/resolv.conf',
  '/etc/machine-id',
  '/var/lib/dbus/machine-id',
  '/var/lib/systemd/random-seed',
  '/var/lib/systemd/credential.secret',
  '/etc/.pwd.lock',
  '/var/log/wtmp',
  '/var/log/btmp',
  '/var/log/lastlog',
  '/root/.bash_history',
];
/** What is in them is of one machine; they themselves are part of the system. */
const emptied = ['/tmp', '/var/tmp', '/var/log/journal', '/var/lib/dhcp', '/var/lib/NetworkManager'];

export const blankIdentity = defineStep({
  id: 'blank-identity',
  summary: 'Take out of a tree what belongs to one machine or one day',
  version: 1,
  input: z.strictObject({
    tree: z.string().describe('The tree to change'),
    hostname: z
      .union([z.literal(''), hostNameSchema])
      .default('')
      .describe("Host name of all that is made from it; '' for none"),
    epoch: z
      .int()
      .min(0)
      .nullable()
      .default(null)
      .describe('SOURCE_DATE_EPOCH: no password was set later than on its day; null leaves the days as they are'),
  }),
  output: z.strictObject({ tree: z.string().describe('The tree that belongs to no machine') }),
  reuse: 'always',
  needs: { root: true },

  async run(context) {
    const { services, input } = context;
    const { ref, root } = await services.trees.change(input.tree, { whole: true });
    // systemd-resolved's link to its own file says nothing of the host.
    const keepsResolver = (await root.info('/etc/resolv.conf'))?.type === 'symlink';
    for (const path of unwanted) if (path !== '/etc/resolv.conf' || !keepsResolver) await root.remove(path);
    for (const directory of emptied)
      for (const name of await root.list(directory)) await root.remove(`${directory}/${name}`);
    for (const name of await root.list('/etc/ssh'))
      if (name.startsWith('ssh_host_')) await root.remove(`/etc/ssh/${name}`);
    await clearAptTraces(root);
    const systemd = installedPackages((await root.readText('/var/lib/dpkg/status')) ?? '').get('systemd');
    const machineId = blankMachineId(systemd);
    if (machineId !== null) await root.writeText('/etc/machine-id', machineId, { mode: 0o444 });
    if (input.hostname !== '') {
      await root.writeText('/etc/hostname', `${input.hostname}\n`);
      await root.writeText('/etc/hosts', hostsFile(input.hostname));
    }
    if (input.epoch !== null) {
      const clamp = clampDays(Math.floor(input.epoch / secondsOfDay));
      for (const path of ['/etc/shadow', '/etc/shadow-']) await replaceText(context, root, path, clamp);
    }
    return { tree: ref };
  },
});

/** The day on which a password was set would be the day of the building. */
const clampDays = (day: number) => (text: string) =>
  text.replaceAll(/^([^:\n]*:[^:\n]*:)(\d+)(?=:)/gmu, (all, before: string, changed: string) =>
    Number(changed) > day ? `${before}${day}` : all,
  );
