/** Data to show the texts of errors with: `<name>` for every text; what is a number or a list has its sample here. */
const samples: Readonly<Record<string, unknown>> = {
  actualBytes: 4_000_000,
  allowedBytes: 512 * 1024 ** 2,
  apiVersion: 2,
  doneBytes: 1_000_000,
  exitCode: 1,
  expectedBytes: 5_000_000,
  faults: [{ text: '<file>:<line>:<column> <what is wrong>' }],
  final: false,
  format: 2,
  freeBytes: 100 * 1024 ** 2,
  instead: ['<package>', '<package>'],
  keys: ['<key>', '<key>'],
  known: 1,
  limitMs: 60_000,
  line: 7,
  maxBytes: 5_000_000,
  mounts: ['<path>'],
  neededBytes: 2 * 1024 ** 3,
  packages: ['<package>'],
  pid: 4711,
  seconds: 900,
  signal: null,
  stallMs: 30_000,
  times: 3,
  totalBytes: 5_000_000,
  urls: ['<url>'],
  versions: ['<version> in <suite>'],
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
