/** A pretended archive of bookworm for the tests of steps. */
import { createHash } from 'node:crypto';
import type { Archive } from '../../../src/steps/lib/archive-schema.ts';
import type { Program } from '../../../src/testing.ts';

export const mirror = 'http://deb.debian.org/debian';
export const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
export const signer = '4D64FEC119C2029067D6E791F8D2585B8783D481';

export interface IndexOptions {
  readonly codename?: string;
  readonly date?: string;
  readonly validUntil?: string;
}

export function releaseText({
  codename = 'bookworm',
  date = 'Sat, 11 Jul 2026 10:14:42 UTC',
  validUntil,
}: IndexOptions = {}): string {
  return [
    'Origin: Debian',
    'Suite: oldstable',
    `Codename: ${codename}`,
    `Date: ${date}`,
    ...(validUntil === undefined ? [] : [`Valid-Until: ${validUntil}`]),
    'Architectures: all amd64 arm64 armhf i386',
    'Components: main contrib non-free-firmware non-free',
    'SHA256:',
    ` ${'a'.repeat(64)} 100 main/binary-amd64/Packages`,
    '',
  ].join('\n');
}

export function inRelease(options: IndexOptions = {}): string {
  return `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${releaseText(options)}-----BEGIN PGP SIGNATURE-----\n\nabcd\n-----END PGP SIGNATURE-----\n`;
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export const archive: Archive = {
  image: 'debian-12',
  distro: 'debian',
  codename: 'bookworm',
  mirror,
  archive: 'live',
  snapshot: null,
  keyring,
  keyringDigest: sha256('keys'),
  ownKeyring: false,
  trusted: false,
  checkValidUntil: true,
  components: ['main'],
  inReleaseDigest: sha256(inRelease()),
  date: '2026-07-11T10:14:42.000Z',
  suites: [
    { role: 'updates', suite: 'bookworm-updates', mirror, exists: true },
    { role: 'security', suite: 'bookworm-security', mirror: 'http://deb.debian.org/debian-security', exists: true },
  ],
  verification: `archive-signature:${signer}`,
};

/** gpgv that says these lines on its status descriptor. */
export function gpgv(...lines: readonly string[]): Program {
  return function* program({ status }) {
    yield;
    for (const line of lines) status(`[GNUPG:] ${line}`);
    return lines.some((line) => /^(?:BADSIG|NO_PUBKEY)/u.test(line)) ? 2 : 0;
  };
}

export const goodSignature = [
  'NEWSIG',
  `GOODSIG F8D2585B8783D481 Debian`,
  `VALIDSIG ${signer} 2026-07-11 1783764541 0 4 0 22 8 01 ${signer}`,
];

/** An ELF header of amd64, as the shell of a tree. */
export function elf(machine = 62): Buffer {
  const head = Buffer.alloc(64);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.writeUInt16LE(machine, 18);
  return head;
}

export const status = [
  'Package: bash\nStatus: install ok installed\nVersion: 5.2',
  'Package: systemd\nStatus: install ok installed\nVersion: 252.39-1',
  'Package: old\nStatus: deinstall ok config-files\nVersion: 1',
].join('\n\n');
export const osRelease =
  'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n';
