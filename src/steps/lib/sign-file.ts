/** Signs a file with a private key, in a key ring that is gone afterwards. */
import type { ErrorData } from '../../errors/catalog.ts';
import { fail, MachinespawnError } from '../../errors/machinespawn-error.ts';
import type { Command } from '../../host/services.ts';
import type { Context } from '../define-step.ts';

// gpg talks to its agent through a socket, whose path must be short: the directory appears here inside the sandbox.
const home = '/mnt';

export interface Signing {
  /** Text of the private key; null for the one in `directory`. */
  readonly key: string | null;
  /** GNUPGHOME of the host; null where the key is given. */
  readonly directory: string | null;
  /** Which key; null for the only or first one. */
  readonly user: string | null;
  readonly passphrase: string | null;
  /** When the signature says that it was made, in seconds since 1970; null for now. */
  readonly epoch: number | null;
}

/** Makes a detached, armored signature at `to`. Throws MSP_SIGNING_FAILED, MSP_TOOL_MISSING, MSP_CANCELLED. */
export async function signFile(context: Context, file: string, to: string, signing: Signing): Promise<void> {
  const { services } = context;
  const own = `${services.directories.scratch}/gnupg`;
  if (signing.directory === null) await services.files.makeDirectory(own, { mode: 0o700 });
  const gpg = async (args: readonly string[], stdin: string | null): Promise<void> => {
    const command: Command = {
      file: 'gpg',
      args: ['--homedir', home, '--batch', '--no-tty', '--quiet', '--pinentry-mode', 'loopback', ...args],
      binds: [{ from: signing.directory ?? own, to: home }],
      ...(stdin !== null && { stdin }),
    };
    await services.exec(command).catch((error: unknown) => {
      throw asFailure(error, signing);
    });
  };
  if (signing.key !== null) await gpg(['--import'], `${signing.key}\n`);
  await gpg(
    [
      ...(signing.user === null ? [] : ['--local-user', signing.user]),
      ...(signing.passphrase === null ? [] : ['--passphrase-fd', '0']),
      // A key that is younger is refused, as its signature would be.
      ...(signing.epoch === null ? [] : ['--faked-system-time', `${signing.epoch}!`]),
      ...['--armor', '--detach-sign', '--output', to, '--', file],
    ],
    signing.passphrase === null ? null : `${signing.passphrase}\n`,
  );
}

function asFailure(error: unknown, { user, key }: Signing): unknown {
  if (!MachinespawnError.is(error) || error.code !== 'MSP_TOOL_FAILED') return error;
  const { tail } = error.data as unknown as ErrorData<'MSP_TOOL_FAILED'>;
  const problem = tail.trim().split('\n').at(-1) ?? '';
  return fail(
    'MSP_SIGNING_FAILED',
    { key: user ?? (key === null ? 'the first key' : 'the given key'), problem },
    error,
  );
}
