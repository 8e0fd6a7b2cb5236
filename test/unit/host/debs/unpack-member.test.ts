import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { unpackMember } from '../../../../src/host/debs/unpack-member.ts';
import { expectCode, scratchDirectory } from '../scratch.ts';

const scratch = scratchDirectory();
const deb = { name: 'demo', path: `${scratch}/gone.deb`, sha256: '0'.repeat(64) };

// An error that nobody hears ends the whole process, and so fails this run.
test.each(['', '.gz', '.xz', '.zst', '.bz2'])('a package that has gone is told: data.tar%s', async (ending) => {
  const member = { name: `data.tar${ending}`, offset: 0, sizeBytes: 100 };
  const error = await expectCode(unpackMember(deb, member, `${scratch}/member${ending}`), 'MSP_FILE_UNREADABLE');
  expect(error.message).toContain(deb.path);
  await expectCode(unpackMember(deb, member, `${scratch}/no/where`), 'MSP_FILE_UNWRITABLE');
  writeFileSync(`${scratch}/taken${ending}`, '');
  await expectCode(unpackMember(deb, member, `${scratch}/taken${ending}`), 'MSP_FILE_UNWRITABLE');
});
