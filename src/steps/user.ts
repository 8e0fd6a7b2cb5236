/** Adds a user to a tree, by the tree's own programs. */
import { z } from 'zod';
import { fail } from '../errors/machinespawn-error.ts';
import type { RootFiles } from '../host/services.ts';
import { defineStep } from './define-step.ts';
import { runInTree } from './lib/run-in-tree.ts';

const loginName = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/u, 'not the name of a user or group');

// $1 name, $2 lines of authorized_keys, $3 whether the password is empty; the rest are arguments of useradd.
const script = `name=$1 keys=$2 open=$3
shift 3
useradd "$@" -- "$name"
if [ "$open" = open ]; then passwd --quiet --delete "$name"; fi
if [ -n "$keys" ]; then
  home=$(getent passwd "$name" | cut -d: -f6)
  group=$(id -g "$name")
  install -d -m 0700 -o "$name" -g "$group" "$home/.ssh"
  printf '%s\\n' "$keys" > "$home/.ssh/authorized_keys"
  chown "$name:$group" "$home/.ssh/authorized_keys"
  chmod 0600 "$home/.ssh/authorized_keys"
fi`;

const input = z.strictObject({
  tree: z.string().describe('The tree to change'),
  name: loginName.describe('Login name'),
  uid: z.int().min(0).max(4_294_967_294).nullable().default(null).describe('User id; null for the next free one'),
  groups: z.array(loginName).default([]).describe('Groups that the user belongs to, beside one of its own; they exist'),
  shell: z.string().regex(/^\//u, 'not an absolute path').default('/bin/bash').describe('Login shell'),
  home: z
    .string()
    .regex(/^(?:\/.*)?$/u, 'not an absolute path')
    .default('')
    .describe("Home; '' for /home/NAME"),
  comment: z
    .string()
    .regex(/^[^:\n]*$/u, 'no colon, no line break')
    .default('')
    .describe('Full name'),
  password: z
    .string()
    .regex(/^(?:\$[^:\n]+|none|locked)$/u, 'not a hash as mkpasswd gives it, none or locked')
    .default('locked')
    .describe('Hash of the password as mkpasswd gives it; none: no password is asked for; locked: none is accepted'),
  sudo: z
    .enum(['no', 'password', 'nopasswd'])
    .default('no')
    .describe('May the user become root by sudo, and with a password?'),
  sshKeys: z
    .array(z.string().regex(/^[^\n]+$/u, 'not one line'))
    .default([])
    .describe('Public keys that may log in by ssh'),
  epoch: z.int().min(0).nullable().default(null).describe('SOURCE_DATE_EPOCH: the day on which the password was set'),
});

export const user = defineStep({
  id: 'user',
  summary: 'Add a user to a tree',
  version: 1,
  input,
  output: z.strictObject({
    tree: z.string().describe('The tree with the user'),
    uid: z.number().describe('User id'),
    gid: z.number().describe("Id of the user's own group"),
    home: z.string().describe('Home'),
  }),
  reuse: 'always',
  needs: { root: true, tools: ['systemd-nspawn'] },
  describe: ({ uid, home }) => `user id ${uid}, home ${home}`,

  async run(context) {
    const { services, input: given } = context;
    const tree = await services.trees.change(given.tree, { whole: true });
    if (given.sudo !== 'no') await allowSudo(tree.root, given.name, given.sudo);
    await runInTree(context, tree, {
      command: [
        '/bin/sh',
        '-euc',
        script,
        'sh',
        given.name,
        given.sshKeys.join('\n'),
        openness(given.password),
        ...useradd(given),
      ],
      label: 'useradd',
      ...(given.epoch === null ? {} : { env: { SOURCE_DATE_EPOCH: String(given.epoch) } }),
    });
    const lines = ((await tree.root.readText('/etc/passwd')) ?? '').split('\n');
    const [, , uid, gid, , home = ''] = lines.find((line) => line.startsWith(`${given.name}:`))?.split(':') ?? [];
    return { tree: tree.ref, uid: Number(uid), gid: Number(gid), home };
  },
});

function openness(password: string): string {
  return password === 'none' ? 'open' : 'closed';
}

function useradd({ uid, groups, shell, home, comment, password }: z.output<typeof input>): readonly string[] {
  return [
    '--create-home',
    '--user-group',
    `--shell=${shell}`,
    ...(uid === null ? [] : [`--uid=${uid}`]),
    ...(groups.length === 0 ? [] : [`--groups=${groups.join(',')}`]),
    ...(home === '' ? [] : [`--home-dir=${home}`]),
    ...(comment === '' ? [] : [`--comment=${comment}`]),
    ...(password.startsWith('$') ? [`--password=${password}`] : []),
  ];
}

async function allowSudo(root: RootFiles, name: string, sudo: 'password' | 'nopasswd'): Promise<void> {
  if ((await root.info('/usr/bin/sudo')) === null)
    throw fail('MSP_TREE_LACKS', { what: 'sudo', hint: 'install the package sudo by a step apt before this one' });
  const tag = sudo === 'nopasswd' ? 'NOPASSWD: ' : '';
  await root.writeText(`/etc/sudoers.d/${name}`, `${name} ALL=(ALL:ALL) ${tag}ALL\n`, { mode: 0o440 });
}
