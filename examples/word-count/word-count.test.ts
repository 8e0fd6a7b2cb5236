import { testStep } from 'machinespawn/testing';
import { count } from './word-count.ts';

const text = 'one two\n three\n';

testStep(count, {
  accepts: [
    {
      name: 'three words',
      prepare: (world) => world.put({ '/srv/text': text }),
      input: { file: '/srv/text', atLeast: 3 },
      output: { words: 3 },
    },
  ],
  refuses: [{ name: 'a relative path', input: { file: 'text' }, at: 'file' }],
  fails: [
    {
      name: 'too few words',
      prepare: (world) => world.put({ '/srv/text': text }),
      input: { file: '/srv/text', atLeast: 4 },
      code: 'MSP_STEP_INPUT_INVALID',
    },
    { name: 'no file', input: { file: '/srv/none' }, code: 'MSP_FILE_UNREADABLE' },
  ],
});
