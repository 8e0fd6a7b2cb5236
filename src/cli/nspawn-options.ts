/** Options of systemd-nspawn that `run NAME …` hands over, as its ancestor did with all of them. */

/** Taken as "--option=value". What would name another tree or machine is left out. */
const valued: ReadonlySet<string> = new Set(
  (
    'ambient-capability background bind bind-ro bind-user bind-user-group bind-user-shell capability chdir console ' +
    'cpu-affinity drop-capability forward-journal hostname inaccessible keep-unit kill-signal link-journal ' +
    'load-credential network-bridge network-interface network-ipvlan network-macvlan network-namespace-path ' +
    'network-veth-extra network-zone no-new-privileges notify-ready oom-score-adjust overlay overlay-ro personality ' +
    'pivot-root port private-users private-users-ownership property register resolv-conf restrict-address-families ' +
    'rlimit selinux-apifs-context selinux-context set-credential setenv settings slice suppress-sync system-call-filter ' +
    'timezone tmpfs user uuid volatile'
  ).split(' '),
);

const switches: ReadonlySet<string> = new Set([
  '--as-pid2',
  '--boot',
  '-b',
  '--ephemeral',
  '--keep-unit',
  '--network-veth',
  '-n',
  '--no-pager',
  '--pipe',
  '-P',
  '--private-network',
  '--private-users-chown',
  '--read-only',
  '--share-system',
  '--volatile',
  '-U',
]);

/** Names for the suggestion after a typing error. */
export const nspawnOptionNames: readonly string[] = [...[...valued].map((name) => `--${name}`), ...switches];

export function isNspawnOption(text: string): boolean {
  if (switches.has(text)) return true;
  const found = /^--([a-z0-9-]+)=/u.exec(text);
  return found !== null && valued.has(found[1] ?? '');
}
