import { entry } from '../entry.ts';

const goesOn = 'what came is kept: machinespawn resume, or the same command, goes on';

/** Files that are fetched to the disk. */
export const downloadErrors = {
  MSP_DOWNLOAD_NOT_FOUND: entry<{ url: string; status: number }>({
    exit: 7,
    message: ({ url, status }) => `there is no ${url} (the server answers ${status})`,
    hint: () => 'look at the address in a browser: files of releases move',
  }),
  MSP_DOWNLOAD_CUT: entry<{ url: string; doneBytes: number; totalBytes: number | null; problem: string }>({
    exit: 7,
    message: ({ url, doneBytes, totalBytes, problem }) =>
      `${url} ended after ${doneBytes} of ${totalBytes ?? 'unknown'} bytes, again and again: ${problem}`,
    hint: () => goesOn,
  }),
  MSP_DOWNLOAD_STALLED: entry<{ url: string; doneBytes: number; stallMs: number }>({
    exit: 7,
    message: ({ url, doneBytes, stallMs }) =>
      `nothing came from ${url} for ${Math.round(stallMs / 1000)} s (after ${doneBytes} bytes)`,
    hint: () => goesOn,
  }),
  MSP_DOWNLOAD_RANGE: entry<{ url: string; problem: string }>({
    exit: 7,
    message: ({ url, problem }) => `${url} cannot be gone on with: ${problem}`,
    hint: () => 'the same command starts this file over',
  }),
  MSP_DOWNLOAD_TOO_LARGE: entry<{ url: string; maxBytes: number }>({
    exit: 7,
    message: ({ url, maxBytes }) => `${url} is larger than ${maxBytes} bytes`,
    hint: ({ url }) => (URL.canParse(url) ? 'is it the right address?' : 'look at what the program before it gives'),
  }),
  MSP_DOWNLOAD_SIZE: entry<{ url: string; expectedBytes: number; actualBytes: number }>({
    exit: 8,
    message: ({ url, expectedBytes, actualBytes }) =>
      `${url} has ${actualBytes} bytes, and ${expectedBytes} were promised`,
    hint: () => 'the file was not kept; try again later or use another server',
  }),
  MSP_DOWNLOAD_DIGEST: entry<{ url: string; expected: string; actual: string }>({
    exit: 8,
    message: ({ url, expected, actual }) => `${url} has the SHA-256 ${actual}, and ${expected} was promised`,
    hint: () => 'the file was not kept: it is damaged, or not the one that was meant',
  }),
} as const;
