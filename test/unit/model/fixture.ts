import { readFileSync } from 'node:fs';

/** Text that a real program or archive gave. Indexes are shortened, so their signatures no longer fit. */
export function fixture(path: string): string {
  return readFileSync(new URL(`../../fixtures/${path}`, import.meta.url), 'utf8');
}
