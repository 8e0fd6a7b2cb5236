/** Names that no two running steps of a run may hold at once. */
export class Claims {
  readonly #held = new Map<string, Promise<void>>();

  /** Waits for all names, in a fixed order so that two steps cannot wait for each other; gives back the release. */
  async take(names: readonly string[]): Promise<() => void> {
    const releases: (() => void)[] = [];
    for (const name of [...new Set(names)].toSorted()) {
      for (let held = this.#held.get(name); held !== undefined; held = this.#held.get(name)) await held;
      let free = (): void => {};
      this.#held.set(name, new Promise((resolve) => (free = resolve)));
      releases.push(() => {
        this.#held.delete(name);
        free();
      });
    }
    return () => {
      for (const release of releases) release();
    };
  }
}
