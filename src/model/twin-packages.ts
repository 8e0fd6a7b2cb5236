/** Packages whose programs of the host's architecture stand in for a foreign machine's while it is configured. */

/** What scripts run again and again, and what says the same on every architecture. */
export const twinProgramPackages: readonly string[] = [
  ...['bash', 'bsdutils', 'coreutils', 'dash', 'debianutils', 'diffutils', 'findutils', 'gpgv', 'sqv', 'grep', 'gzip'],
  ...['hostname', 'login', 'mawk', 'ncurses-bin', 'passwd', 'perl-base', 'sed', 'sysvinit-utils', 'tar'],
];

/** All that a tree of them is made of, before its dependencies. */
export const twinPackages: readonly string[] = [...twinProgramPackages, 'dpkg', 'libc6'];
