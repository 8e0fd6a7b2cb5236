import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const realSetup = 'test/real/global-setup.ts';

export default defineConfig({
  test: {
    allowOnly: false,
    passWithNoTests: false,
    // The real tier runs as root: nothing of its may be written into the tree of the user.
    cache: false,
    fsModuleCache: false,
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 20_000 } },
      { test: { name: 'rules', include: ['test/rules/**/*.test.ts'] } },
      {
        test: {
          name: 'real',
          include: ['test/real/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 20 * 60_000,
          hookTimeout: 10 * 60_000,
          globalSetup: existsSync(realSetup) ? [realSetup] : [],
        },
      },
    ],
  },
});
