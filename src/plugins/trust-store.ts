/** Which plugins a person has said yes to: by path and digest, in one file. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const schema = z.strictObject({
  format: z.literal(1),
  plugins: z.record(z.string(), z.strictObject({ digest: z.string(), at: z.string() })),
});
type Trusted = z.output<typeof schema>;

export class TrustStore {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** `changed`: a yes was said to another content. */
  state(entry: string, digest: string): 'trusted' | 'changed' | 'unknown' {
    const { plugins } = this.#read();
    const known = Object.hasOwn(plugins, entry) ? plugins[entry] : undefined;
    if (known === undefined) return 'unknown';
    return known.digest === digest ? 'trusted' : 'changed';
  }

  /** Whole or not at all; who cannot write there is asked again the next time. */
  remember(entry: string, digest: string, now: Date): boolean {
    const plugins = { ...this.#read().plugins, [entry]: { digest, at: now.toISOString() } };
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o755 });
      const scratch = `${this.#file}.${process.pid}`;
      writeFileSync(scratch, `${JSON.stringify({ format: 1, plugins } satisfies Trusted, null, 2)}\n`, { mode: 0o600 });
      renameSync(scratch, this.#file);
      return true;
    } catch {
      return false;
    }
  }

  /** A damaged file counts as none: the worst of it is one more question. */
  #read(): Trusted {
    try {
      return schema.parse(JSON.parse(readFileSync(this.#file, 'utf8')));
    } catch {
      return { format: 1, plugins: {} };
    }
  }
}
