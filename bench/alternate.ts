/** Takes turns between contenders, so that all meet the same noise, and changes the order each time. */

export type Contender = () => Promise<number> | number;

/** What each contender gave, turn by turn. */
export async function alternate<Name extends string>(
  contenders: Readonly<Record<Name, Contender>>,
  turns: number,
  say: (text: string) => void = () => {},
): Promise<Readonly<Record<Name, readonly number[]>>> {
  const names = Object.keys(contenders) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let turn = 0; turn < turns; turn += 1) {
    for (const name of turn % 2 === 0 ? names : names.toReversed()) results[name].push(await contenders[name]());
    say(
      `  turn ${turn + 1} of ${turns}: ${names.map((name) => `${name} ${results[name].at(-1)?.toFixed(0)} ms`).join(', ')}`,
    );
  }
  return results;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** Median of the ratios of the turns: what both met in one turn cancels out. */
export function medianRatio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((value, turn) => value / (theirs[turn] ?? Number.NaN)));
}
