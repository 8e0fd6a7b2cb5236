/** The secret inputs of a run: the plan knows where they are and their digests; values are read when a run is opened. */
import type { Plan } from './plan.ts';
import type { SecretSources } from './ports.ts';
import { SecretMask, type OpenSecret } from './secret-mask.ts';
import type { Json } from './step.ts';

export interface RunSecrets {
  /** The inputs of the plan with the values in the places of the secrets. */
  readonly inputs: Readonly<Record<string, Json>>;
  readonly mask: SecretMask;
  /** Names of those that are not what they were when the plan was made. */
  readonly changed: readonly string[];
}

/** `elsewhere`: sources to take instead of those of the plan. Throws MSP_SECRET_UNUSABLE. */
export async function openSecrets(
  plan: Pick<Plan, 'inputs' | 'secrets'>,
  sources: SecretSources,
  elsewhere: Readonly<Record<string, string>> = {},
): Promise<RunSecrets> {
  const opened = new Map<string, OpenSecret>();
  const changed: string[] = [];
  for (const [name, digest] of Object.entries(plan.secrets)) {
    const planned = plan.inputs[name];
    const source = elsewhere[name] ?? (typeof planned === 'string' ? planned : '');
    const secret = await sources.open(name, source);
    opened.set(name, secret);
    if (secret.digest !== digest) changed.push(name);
  }
  const values = [...opened].map(([name, { value }]) => [name, value] as const);
  return { inputs: { ...plan.inputs, ...Object.fromEntries(values) }, mask: new SecretMask(opened), changed };
}
