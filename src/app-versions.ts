/** Versions that a report of a fault should name. */
import { execFile } from 'node:child_process';
import { release } from 'node:os';

/** Null for what is not there. */
export async function toolVersions(): Promise<Readonly<Record<string, string | null>>> {
  const [systemd, debootstrap] = await Promise.all([firstNumber('systemd-nspawn'), firstNumber('debootstrap')]);
  return { node: process.versions.node, systemd, debootstrap, kernel: release() };
}

function firstNumber(tool: string): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(
      tool,
      ['--version'],
      { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' } },
      (error, stdout) => {
        resolve(error === null ? (/\d[\w.+~-]*/u.exec(stdout)?.[0] ?? null) : null);
      },
    );
  });
}
