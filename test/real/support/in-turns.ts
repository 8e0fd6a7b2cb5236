/** At most so many of the works that are handed in go on at the same time. */
export function inTurns(sideBySide: number): (work: () => Promise<void>) => Promise<void> {
  let free = sideBySide;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
