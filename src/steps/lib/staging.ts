/** Names beside the machines. Those that begin with `.#` are invisible, and systemd removes them at boot. */
import type { StepServices } from '../../host/services.ts';

const prefix = '.#machinespawn-';

/** Path of the directory in which a machine is prepared. */
export function stagingPath(machines: string, name: string, random: string): string {
  return `${machines}/${prefix}${name}-${random}`;
}

/** Is this the file name of a staging directory of that machine? */
export function isStagingOf(fileName: string, name: string): boolean {
  return (
    fileName.startsWith(`${prefix}${name}-`) && /^[0-9a-f]{8}$/u.test(fileName.slice(prefix.length + name.length + 1))
  );
}

/** Where something goes before it is removed. The same for the same work, so that a later attempt finds it. */
export function asidePath(machines: string, fileName: string, key: string): string {
  return `${machines}/${prefix}removed-${fileName}-${key.slice(0, 12)}`;
}

/** A staging directory is there until it is published; then it is the machine, and the record says so. */
export async function isStagingThere(services: StepServices, staging: string, name: string): Promise<boolean> {
  return (await services.files.info(staging)) !== null || (await isPublished(services, staging, name));
}

/** Has the machine been made of this staging directory? */
export async function isPublished(services: StepServices, staging: string, name: string): Promise<boolean> {
  const record = await services.machines.readRecord(name);
  return record?.['staging'] === staging && (await services.machines.find(name)) !== null;
}
