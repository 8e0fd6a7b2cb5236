/** The public keys that sign the archives, read from debian-archive-keyring and from signed indexes. */
import type { SigningKey } from './release.ts';

const key = (fingerprint: string, owner: string, expires: string | null): SigningKey => ({
  fingerprint,
  owner,
  expires,
});

export const debianKeys = {
  jessieArchive: key('126C0D24BD8A2942CC7DF8AC7638D0442B90D010', 'Debian archive (8/jessie)', '2022-11-19'),
  jessieSecurity: key('D21169141CECD440F2EB8DDA9D6D8F6BC857C906', 'Debian security (8/jessie)', '2022-11-19'),
  jessieRelease: key('75DDC3C4A499F1A18CB5F3C8CBF8D6FD518E17E1', 'Debian release (8/jessie)', '2021-08-15'),
  stretchArchive: key('E1CF20DDFFE4B89E802658F1E0B11894F66AEC98', 'Debian archive (9/stretch)', '2025-05-20'),
  stretchSecurity: key('6ED6F5CB5FA6FB2F460AE88EEDA0D2388AE22BA9', 'Debian security (9/stretch)', '2025-05-20'),
  stretchRelease: key('067E3C456BAE240ACEE88F6FEF0F382A1A7B6500', 'Debian release (9/stretch)', '2025-05-18'),
  busterArchive: key('80D15823B7FD1561F9F7BCDDDC30D7C23CBBABEE', 'Debian archive (10/buster)', '2027-04-12'),
  busterSecurity: key('5E61B217265DA9807A23C5FF4DFAB270CAA96DFA', 'Debian security (10/buster)', '2027-04-12'),
  busterRelease: key('6D33866EDD8FFA41C0143AEDDCC9EFBF77E11517', 'Debian release (10/buster)', '2027-02-03'),
  bullseyeArchive: key('1F89983E0081FDE018F3CC9673A4F27B8DD47936', 'Debian archive (11/bullseye)', '2029-01-15'),
  bullseyeSecurity: key('AC530D520F2F3269F5E98313A48449044AAD5C5D', 'Debian security (11/bullseye)', '2029-01-15'),
  bullseyeRelease: key('A4285295FC7B1A81600062A9605C66F00D6C9793', 'Debian release (11/bullseye)', '2029-02-11'),
  bookwormArchive: key('B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8', 'Debian archive (12/bookworm)', '2031-01-19'),
  bookwormSecurity: key('05AB90340C0C5E797F44A8C8254CF3B5AEC0A8F0', 'Debian security (12/bookworm)', '2031-01-19'),
  bookwormRelease: key('4D64FEC119C2029067D6E791F8D2585B8783D481', 'Debian release (12/bookworm)', '2031-01-21'),
  trixieArchive: key('04B54C3CDCA79751B16BC6B5225629DF75B188BD', 'Debian archive (13/trixie)', '2035-03-28'),
  trixieSecurity: key('5E04A1E3223A19A20706E20F9904613D4CCE68C6', 'Debian security (13/trixie)', '2035-03-28'),
  trixieRelease: key('41587F7DB8C774BCCF131416762F67A0B2C39DE4', 'Debian release (13/trixie)', '2033-03-22'),
} as const;

export const ubuntuKeys = [
  key('790BC7277767219C42C86F933B4FE6ACC0B21F32', 'Ubuntu archive (2012)', null),
  key('F6ECB3762474EDA9D21B7022871920D1991BC93C', 'Ubuntu archive (2018)', null),
] as const;

/** The 16 last digits, as tools print them. */
export function keyId(fingerprint: string): string {
  return fingerprint.slice(-16);
}
