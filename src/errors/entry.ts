/** One foreseen failure: its exit code (CLI.md 3.7) and what is said about it. */
export interface CatalogEntry<Data> {
  readonly exit: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 70 | 124 | 125 | 126 | 127 | 130;
  /** What is wrong: present tense, the object quoted, no full stop. */
  readonly message: (data: Data) => string;
  /** One thing to try, as a command where there is one. */
  readonly hint?: (data: Data) => string | undefined;
}

export function entry<Data>(definition: CatalogEntry<Data>): CatalogEntry<Data> {
  return definition;
}
