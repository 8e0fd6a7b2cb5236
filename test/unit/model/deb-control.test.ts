import { describe, expect, it } from 'vitest';
import { parseDebControl } from '../../../src/model/deb-control.ts';
import { conffileEntries, infoName, statusStanza, triggerFiles } from '../../../src/model/dpkg-database.ts';
import { errorOf } from './error-of.ts';

const libc = `Package: libc6
Architecture: amd64
Multi-Arch: same
Version: 2.36-9
Maintainer: A <a@b>
Section: libs
Priority: optional
Homepage: http://x
Description: C library
 More of it.
`;
const file = (name: string, text: string) => ({ name, content: Buffer.from(text), mode: 0o644, mtime: 0 });
const unpacked = (controlFiles: readonly ReturnType<typeof file>[], control = libc) => ({
  ...{ control: parseDebControl(control, 'demo'), priority: 'required', section: 'libs', paths: ['/.'] },
  controlFiles,
});

describe('a control file', () => {
  it('gives its fields, with continued lines', () => {
    const { name, version, arch, fields } = parseDebControl(libc, 'libc6');
    expect([name, version, arch, fields.get('description')?.value]).toEqual([
      'libc6',
      '2.36-9',
      'amd64',
      'C library\n More of it.',
    ]);
    expect(infoName(parseDebControl(libc, 'libc6'))).toBe('libc6:amd64');
  });

  it('with a broken field is named', () => {
    const broken = [
      libc.replace('Package: libc6', 'Package: ../libc6'),
      libc.replace('Version: 2.36-9\n', ''),
      libc.replace('Architecture: amd64', 'Architecture: amd64/evil'),
      libc.replace('Section: libs', 'no field at all'),
      `${libc}Package: twice\n`,
      ` begins nowhere\n${libc}`,
      '',
    ];
    for (const text of broken) {
      const { code, data } = errorOf(() => parseDebControl(text, 'demo'));
      expect([code, data['package']]).toEqual(['MSP_PACKAGE_BROKEN', 'demo']);
    }
  });
});

describe("dpkg's records", () => {
  it('are in its own order, with digests of conffiles', () => {
    const conffiles = file('conffiles', '/etc/a.conf\nremove-on-upgrade /etc/old.conf\n');
    const stanza = statusStanza(unpacked([conffiles]), { '/etc/a.conf': 'd41d8' });
    expect(stanza).toBe(
      'Package: libc6\nStatus: install ok unpacked\nPriority: required\nSection: libs\nMaintainer: A <a@b>\n' +
        'Architecture: amd64\nMulti-Arch: same\nVersion: 2.36-9\n' +
        'Conffiles:\n /etc/a.conf d41d8\n /etc/old.conf newconffile remove-on-upgrade\n' +
        'Description: C library\n More of it.\nHomepage: http://x\n',
    );
    expect(conffileEntries(unpacked([conffiles])).map(({ path }) => path)).toEqual(['/etc/a.conf', '/etc/old.conf']);
  });

  it('tell who is interested in which trigger', () => {
    const triggers = 'interest-noawait /usr/share/x\ninterest ldconfig # why\nactivate-noawait other\n';
    expect([...triggerFiles([unpacked([file('triggers', triggers)])])]).toEqual([
      ['var/lib/dpkg/triggers/File', '/usr/share/x libc6:amd64/noawait\n'],
      ['var/lib/dpkg/triggers/ldconfig', 'libc6:amd64\n'],
    ]);
    const odd = unpacked([file('triggers', 'observe /usr\n')]);
    expect(errorOf(() => triggerFiles([odd])).code).toBe('MSP_PACKAGE_BROKEN');
  });
});
