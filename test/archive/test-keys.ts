/** Keys that sign test archives: real OpenPGP keys with any dates, made by gpg in a directory of the test. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Before the first release of the table, so that a key may have expired long ago. */
const madeAt = '20100101T000000';

export interface WantedKey {
  /** Told apart by it; goes into the user id. */
  readonly label: string;
  /** YYYY-MM-DD from which it counts as expired; null for never. May be in the past. */
  readonly expires: string | null;
}

export interface TestKey extends WantedKey {
  /** 40 upper-case hex digits. */
  readonly fingerprint: string;
}

/** A GnuPG home with the keys that were asked for. Its agent lives until `close`. */
export class TestKeys {
  readonly keys: readonly TestKey[];
  readonly #home: string;

  private constructor(home: string, keys: readonly TestKey[]) {
    this.#home = home;
    this.keys = keys;
  }

  /** @param directory an existing one; its path must be short enough for the agent's socket (about 80 characters). */
  static make(directory: string, wanted: readonly WantedKey[]): TestKeys {
    const home = mkdtempSync(join(directory, 'keys-'));
    const parameters = wanted.flatMap(({ label, expires }) => [
      ...['%no-protection', 'Key-Type: EDDSA', 'Key-Curve: ed25519', 'Key-Usage: sign', `Name-Real: ${label}`],
      ...[`Creation-Date: ${madeAt}`, `Expire-Date: ${expires === null ? '0' : expires}`, '%commit'],
    ]);
    // Nothing can be made that has expired by now, so gpg is told another time.
    const status = execFileSync('gpg', [...argumentsFor(home, madeAt), '--status-fd', '1', '--gen-key'], {
      encoding: 'utf8',
      input: `${parameters.join('\n')}\n`,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const fingerprints = [...status.matchAll(/ KEY_CREATED P ([0-9A-F]{40})/gu)].map(
      ([, fingerprint = '']) => fingerprint,
    );
    if (fingerprints.length !== wanted.length) throw new TypeError(`gpg made ${fingerprints.length} keys:\n${status}`);
    return new TestKeys(
      home,
      wanted.map((key, index) => ({ ...key, fingerprint: fingerprints[index] ?? '' })),
    );
  }

  /** The public keys in the binary form that apt and gpgv read. */
  keyring(keys: readonly TestKey[]): Buffer {
    const fingerprints = keys.map(({ fingerprint }) => fingerprint);
    return execFileSync('gpg', [...argumentsFor(this.#home), '--export', ...fingerprints], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }

  /**
   * Signs as an archive does, with all of the keys.
   * `inline`: the text in its signature, as InRelease; otherwise the signature alone, as Release.gpg.
   * `at`: when it was signed, so that a key that has expired since can sign.
   */
  async sign(
    text: string,
    keys: readonly TestKey[],
    how: { readonly inline: boolean; readonly at: Date },
  ): Promise<string> {
    const users = keys.flatMap(({ fingerprint }) => ['--local-user', `${fingerprint}!`]);
    const mode = how.inline ? ['--clearsign'] : ['--armor', '--detach-sign'];
    const time = how.at.toISOString().replaceAll(/[-:]|\.\d+Z/gu, '');
    const signing = run('gpg', [...argumentsFor(this.#home, time), '--digest-algo', 'SHA512', ...users, ...mode]);
    signing.child.stdin?.end(text);
    return (await signing).stdout;
  }

  /** Ends the agent and removes the secret keys. */
  close(): void {
    execFileSync('gpgconf', ['--homedir', this.#home, '--kill', 'all']);
    rmSync(this.#home, { recursive: true, force: true });
  }
}

function argumentsFor(home: string, time?: string): readonly string[] {
  return ['--homedir', home, '--batch', '--quiet', ...(time === undefined ? [] : ['--faked-system-time', `${time}!`])];
}
