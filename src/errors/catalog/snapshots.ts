import { entry } from '../entry.ts';

export const snapshotErrors = {
  MSP_SNAPSHOT_DAMAGED: entry<{ key: string; problem: string }>({
    exit: 1,
    message: ({ key, problem }) => `snapshot ${key.slice(0, 12)} is damaged: ${problem}`,
    hint: () => 'the same command with --fresh builds it anew',
  }),
  MSP_SNAPSHOT_MISSING: entry<{ key: string }>({
    exit: 1,
    message: ({ key }) => `snapshot ${key.slice(0, 12)} is not in the store`,
  }),
  MSP_SNAPSHOT_DRIVER: entry<{ driver: string; path: string; problem: string }>({
    exit: 6,
    message: ({ driver, path, problem }) => `the ${driver} snapshot driver cannot work at ${path}: ${problem}`,
    hint: () => 'another driver: --snapshot-driver copy',
  }),
  MSP_ARTIFACT_MISSING: entry<{ artifact: string }>({
    exit: 1,
    message: ({ artifact }) => `the file ${artifact} is not in the cache`,
    hint: () => 'the same command with --fresh makes it anew',
  }),
  MSP_ARTIFACT_DAMAGED: entry<{ artifact: string }>({
    exit: 1,
    message: ({ artifact }) => `the file ${artifact} in the cache is not what it was`,
    hint: () => 'the same command with --fresh makes it anew',
  }),
} as const;
