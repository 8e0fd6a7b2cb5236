import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

// Modes of files are compared; a user's own umask may be another one.
process.umask(0o022);

const realSetup = 'test/real/global-setup.ts';
/**
 * `npm test` runs the real tier in two lanes side by side, which take about as long as each other: most of it waits for one
 * program that uses one core. Without a lane, all files are run one after the other.
 */
const secondLane = [
  'fast',
  'further-packages',
  'pull',
  'kill',
  'interrupted',
  'live-iso',
  'readme',
  'plugins',
  'images',
  'archive-faults',
  'clean-while-building',
].map((name) => `test/real/${name}.test.ts`);
const lane = process.env['MACHINESPAWN_TEST_LANE'];

/** What differs is told in full: a run elsewhere leaves nothing but its words. */
const chaiConfig = { truncateThreshold: 0 };

export default defineConfig({
  test: {
    allowOnly: false,
    passWithNoTests: false,
    // The real tier runs as root: nothing of its may be written into the tree of the user.
    cache: false,
    fsModuleCache: false,
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    projects: [
      { test: { name: 'unit', chaiConfig, include: ['test/unit/**/*.test.ts'], testTimeout: 20_000 } },
      { test: { name: 'rules', chaiConfig, include: ['test/rules/**/*.test.ts'] } },
      {
        test: {
          name: 'real',
          chaiConfig,
          include: lane === '2' ? secondLane : ['test/real/**/*.test.ts'],
          exclude: lane === '1' ? secondLane : [],
          fileParallelism: false,
          testTimeout: 20 * 60_000,
          hookTimeout: 10 * 60_000,
          globalSetup: existsSync(realSetup) ? [realSetup] : [],
        },
      },
    ],
  },
});
