/** Exit codes by their meaning (the rest are in the error catalogue). */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  invalid: 3,
  notFound: 4,
  conflict: 5,
  hostLacks: 6,
  network: 7,
  unverified: 8,
  bug: 70,
  timeout: 124,
} as const;

/** What each code means, for `help exit-codes`. */
export const exitCodeTexts: readonly (readonly [code: string, text: string])[] = [
  ['0', 'success'],
  ['1', 'a step or operation failed'],
  ['2', 'usage: bad option, image or name, missing confirmation'],
  ['3', 'a pipeline is invalid'],
  ['4', 'not found: machine, run or pipeline'],
  ['5', 'conflict: it exists, or is in use by another run'],
  ['6', 'the host lacks something: tool, emulator, privilege, space'],
  ['7', 'network or mirror, after retries: try again later'],
  ['8', 'verification failed: signature or digest'],
  ['70', 'a bug of machinespawn'],
  ['124', 'a timeout ended it'],
  ['125', 'run: no command could be started'],
  ['126', 'run: the command is not executable'],
  ['127', 'run: the command was not found'],
  ['128+n', 'ended by signal n: 129 HUP, 130 INT, 143 TERM; what is done is saved'],
  ['other', "run: the command's own code"],
];
