/** Indexes that a key of our own has signed, for what no real archive shows. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newDirectory } from './shared-place.ts';

export interface OwnKey {
  /** For --keyring. */
  readonly keyring: string;
  /** A Release file as an InRelease file, with a good signature. */
  sign(release: string): Buffer;
}

/** `expired`: the key lived for a day of long ago, and signs on that day. */
export function makeOwnKey({ expired }: { readonly expired: boolean }): OwnKey {
  const directory = newDirectory('key');
  const keyring = join(directory, 'own.gpg');
  const clock = expired ? ['--faked-system-time', '20200101T120000'] : [];
  const gpg = (...args: readonly string[]): void =>
    void execFileSync('gpg', ['--homedir', directory, '--batch', '--quiet', ...clock, ...args], { stdio: 'ignore' });
  // The key's agent would outlive the test.
  const stopAgent = (): void => void execFileSync('gpgconf', ['--homedir', directory, '--kill', 'all']);
  gpg('--passphrase', '', '--quick-gen-key', 'test@localhost', 'rsa2048', 'sign', expired ? '1d' : 'never');
  gpg('--output', keyring, '--export');
  stopAgent();
  return {
    keyring,
    sign: (release) => {
      const plain = join(directory, 'Release');
      writeFileSync(plain, release);
      gpg('--yes', '--digest-algo', 'SHA512', '--output', `${plain}.signed`, '--clearsign', plain);
      stopAgent();
      return readFileSync(`${plain}.signed`);
    },
  };
}

/** An index of bookworm. */
export function ownRelease(date: Date): string {
  return [
    ...['Origin: Debian', 'Label: Debian', 'Suite: oldstable', 'Codename: bookworm'],
    `Date: ${date.toUTCString().replace('GMT', 'UTC')}`,
    ...['Architectures: all amd64 arm64 armhf i386', 'No-Support-for-Architecture-all: Packages'],
    ...['Components: main', 'SHA256:'],
    ` ${'0'.repeat(64)} 1 main/binary-amd64/Packages`,
    '',
  ].join('\n');
}
