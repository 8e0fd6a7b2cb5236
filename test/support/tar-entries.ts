/** Headers of tar archives as nobody would write them by mistake. */

export interface CraftedEntry {
  readonly name: string;
  /** The type flag of tar(5), such as '0', '1', '3', 'x'. */
  readonly type: string;
  readonly target?: string;
  /** As the header says; no content follows. */
  readonly sizeBytes?: number;
}

/** One block of ustar. */
export function craftedHeader({ name, type, target = '', sizeBytes = 0 }: CraftedEntry): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, at: number, digits: number): void =>
    void block.write(`${value.toString(8).padStart(digits, '0')}\0`, at, 'latin1');
  block.write(name, 0, 100);
  octal(0o644, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(sizeBytes, 124, 11);
  octal(0, 136, 11);
  block.write(' '.repeat(8), 148);
  block.write(type, 156);
  block.write(target, 157, 100);
  block.write('ustar\u000000', 257, 'latin1');
  octal(1, 329, 7);
  octal(3, 337, 7);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  return block;
}

/** An archive of such entries, with its end. */
export function craftedTar(...entries: readonly CraftedEntry[]): Buffer {
  return Buffer.concat([...entries.map(craftedHeader), Buffer.alloc(1024)]);
}
