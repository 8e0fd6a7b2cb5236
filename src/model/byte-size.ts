/** Amounts of bytes as people write them: "5M", "1.5G" <-> bytes. */
import { fail } from '../errors/machinespawn-error.ts';

const steps = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const pattern = /^(\d{1,15}(?:\.\d{1,6})?)(?:([KMGT])(?:iB)?|B)?$/u;

/** Bytes of "5M", "1.5G", "20MiB", "4096". Units are powers of 1024; "MB" is refused as ambiguous. Throws MSP_USAGE. */
export function parseByteSize(text: string): number {
  const match = pattern.exec(text);
  const bytes = Math.round(Number(match?.[1]) * 1024 ** ' KMGT'.indexOf(match?.[2] ?? ' '));
  if (match === null || !Number.isSafeInteger(bytes)) {
    throw fail('MSP_USAGE', {
      problem: `'${text}' is not a size`,
      hint: 'write 500K, 5M or 1.5G (powers of 1024)',
    });
  }
  return bytes;
}

/** Bytes per second, of a size that is not nothing. Throws MSP_USAGE. */
export function parseByteRate(text: string): number {
  const bytes = parseByteSize(text);
  if (bytes > 0) return bytes;
  throw fail('MSP_USAGE', {
    problem: `'${text}' is no rate: nothing would ever come`,
    hint: 'leave it out for no limit',
  });
}

/** For people: "512 B", "30.4 MiB", "489 MiB", "72 GiB". */
export function formatByteSize(bytes: number): string {
  let value = bytes;
  let step = 0;
  // 1023.95 would be shown as "1024".
  while (value >= 1023.5 && step < steps.length - 1) {
    value /= 1024;
    step += 1;
  }
  const digits = value < 99.95 && step > 0 ? 1 : 0;
  return `${value.toFixed(digits).replace(/\.0$/u, '')} ${steps[step] ?? 'B'}`;
}
