import { entry } from '../entry.ts';

/** Machines and what is done with them. */
export const machineErrors = {
  MSP_MACHINE_EXISTS: entry<{ name: string; path: string }>({
    exit: 5,
    message: ({ name, path }) => `there is a machine '${name}' already (${path})`,
    hint: ({ name }) => `another name, --replace, or: sudo machinespawn remove ${name}`,
  }),
  MSP_MACHINE_NOT_FOUND: entry<{ name: string; nearest?: string | null }>({
    exit: 4,
    message: ({ name }) => `there is no machine '${name}'`,
    hint: ({ nearest }) => (nearest ? `did you mean '${nearest}'?` : 'machinespawn list'),
  }),
  MSP_MACHINE_NEEDS_UDEV: entry<{ name: string }>({
    exit: 6,
    message: ({ name }) => `${name} is a disk image, and systemd-nspawn opens those only where udev runs`,
    hint: () => 'start systemd-udevd on this host; machines made by pull-tar do without',
  }),
  MSP_MACHINE_RUNNING: entry<{ name: string; holder: string | null }>({
    exit: 5,
    message: ({ name, holder }) => `machine '${name}' is running${holder ? ` (${holder})` : ''}`,
    hint: ({ name }) => `stop it first: sudo machinectl poweroff ${name}, or use --force`,
  }),
  MSP_MACHINE_BROKEN: entry<{ name: string; problem: string }>({
    exit: 1,
    message: ({ name, problem }) => `machine '${name}' is not what it should be: ${problem}`,
  }),
  MSP_COMMAND_NOT_FOUND: entry<{ name: string; command: string }>({
    exit: 127,
    message: ({ name, command }) => `there is no command '${command}' in machine '${name}'`,
  }),
  MSP_COMMAND_NOT_EXECUTABLE: entry<{ name: string; command: string }>({
    exit: 126,
    message: ({ name, command }) => `'${command}' in machine '${name}' is not executable`,
  }),
  MSP_RUN_REFUSED: entry<{ name: string; problem: string }>({
    exit: 125,
    message: ({ name, problem }) => `no command could be started in machine '${name}': ${problem}`,
  }),
  MSP_BOOT_FAILED: entry<{ image: string; firmware: string; problem: string; tail: string }>({
    exit: 1,
    message: ({ image, firmware, problem, tail }) =>
      `${image} did not boot by ${firmware}: ${problem}${tail === '' ? '' : `\n${tail}`}`,
    hint: () => 'the whole console is in the log of the step',
  }),
} as const;
