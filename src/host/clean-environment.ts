import { fixedPath } from './find-program.ts';

/** What every program gets: nothing of the caller's session, which would leak into the trees we build. */
export function cleanEnvironment(added: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: fixedPath, LC_ALL: 'C.UTF-8', TZ: 'UTC', HOME: '/root', TERM: 'dumb', ...added };
}
