import { downloadErrors } from './catalog/downloads.ts';
import { engineErrors } from './catalog/engine.ts';
import { hostErrors } from './catalog/host.ts';
import { imageErrors } from './catalog/images.ts';
import { machineErrors } from './catalog/machines.ts';
import { archiveErrors } from './catalog/archives.ts';
import { proxyErrors } from './catalog/proxies.ts';
import { packageErrors } from './catalog/packages.ts';
import { pullErrors } from './catalog/pulls.ts';
import { snapshotErrors } from './catalog/snapshots.ts';
import { usageErrors } from './catalog/usage.ts';
import type { CatalogEntry } from './entry.ts';

/** Every error code of the product. A code is never used again for something else. */
export const catalog = {
  ...usageErrors,
  ...engineErrors,
  ...hostErrors,
  ...snapshotErrors,
  ...archiveErrors,
  ...proxyErrors,
  ...packageErrors,
  ...downloadErrors,
  ...pullErrors,
  ...machineErrors,
  ...imageErrors,
} as const;

export type ErrorCode = keyof typeof catalog;
export type ErrorData<C extends ErrorCode> = (typeof catalog)[C] extends CatalogEntry<infer Data> ? Data : never;
