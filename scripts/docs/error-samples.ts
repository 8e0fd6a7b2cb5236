/** Data to show the texts of errors with: `<name>` for every text; what is a number or a list has its sample here. */
const samples: Readonly<Record<string, unknown>> = {
  apiVersion: 2,
  exitCode: 1,
  faults: [{ text: '<file>:<line>:<column> <what is wrong>' }],
  final: false,
  format: 2,
  freeBytes: 100 * 1024 ** 2,
  keys: ['<key>', '<key>'],
  known: 1,
  limitMs: 60_000,
  line: 7,
  mounts: ['<path>'],
  neededBytes: 2 * 1024 ** 3,
  packages: ['<package>'],
  pid: 4711,
  signal: null,
  stallMs: 30_000,
  times: 3,
};

/** Where one name means different things. */
const samplesOfCode: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  MSP_ARCH_UNKNOWN: { known: ['<arch>', '<arch>'] },
};

export function sampleData(code: string): unknown {
  const known: Readonly<Record<string, unknown>> = { ...samples, ...samplesOfCode[code] };
  return new Proxy(known, {
    get: (target, name) => (typeof name !== 'string' ? undefined : name in target ? target[name] : `<${name}>`),
  });
}
