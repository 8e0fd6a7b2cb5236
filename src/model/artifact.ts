/** A file that a step made, by its content: how steps and pipelines name it. */

export interface ArtifactFile {
  /** "artifact:" and the SHA-256 of its content. */
  readonly artifact: string;
  /** What it is called where a person gets it, such as "live.iso". */
  readonly name: string;
  readonly sizeBytes: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

export const artifactForm = /^artifact:([\da-f]{64})$/u;
/** A plain file name: no path, nothing hidden. */
export const artifactNameForm = /^[A-Za-z0-9][\w.+~@-]{0,199}$/u;

export const artifactRef = (sha256: string): string => `artifact:${sha256}`;

/** The digest in such a name; null for anything else. */
export const digestOfArtifact = (ref: string): string | null => artifactForm.exec(ref)?.[1] ?? null;

/** The names of artifacts inside a JSON value, each once. */
export function artifactRefsIn(value: unknown): readonly string[] {
  const found = new Set<string>();
  walk(value, (inner) => {
    if (typeof inner === 'string' && artifactForm.test(inner)) found.add(inner);
  });
  return [...found].toSorted();
}

/** The artifacts inside a JSON value, in its order. */
export function artifactsIn(value: unknown): readonly ArtifactFile[] {
  const found: ArtifactFile[] = [];
  walk(value, (inner) => {
    if (isArtifact(inner)) found.push(inner);
  });
  return found;
}

export function isArtifact(value: unknown): value is ArtifactFile {
  if (typeof value !== 'object' || value === null) return false;
  const { artifact, name, sizeBytes, sha256 } = value as Readonly<Record<string, unknown>>;
  return (
    typeof artifact === 'string' &&
    digestOfArtifact(artifact) === sha256 &&
    typeof name === 'string' &&
    artifactNameForm.test(name) &&
    typeof sizeBytes === 'number'
  );
}

function walk(value: unknown, visit: (inner: unknown) => void): void {
  visit(value);
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) walk(inner, visit);
}
