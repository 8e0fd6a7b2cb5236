/** From this version on, systemd takes the word for "not set up yet"; older ones want an empty file. */
const systemdWithUninitialized = 247;

/** Content of /etc/machine-id in a tree that is no machine yet; null where nothing asks for the file. */
export function blankMachineId(systemdVersion: string | undefined): string | null {
  if (systemdVersion === undefined) return null;
  const version = Number.parseInt(systemdVersion.replace(/^\d+:/u, ''), 10);
  return version >= systemdWithUninitialized ? 'uninitialized\n' : '';
}
