/** What apt-get says, as progress and as errors of ours. */
import type { StepProgress } from '../../engine/step.ts';
import { fail, MachinespawnError } from '../../errors/machinespawn-error.ts';

/** Gives a listener for the lines of `apt-get install`. */
export function readAptProgress(report: (progress: StepProgress) => void): (line: string) => void {
  let total = 0;
  let done = 0;
  const phases: readonly (readonly [RegExp, string])[] = [
    [/^Get:\d+ \S+ \S+ \S+ (\S+)/u, 'downloading packages'],
    [/^Unpacking (\S+)/u, 'unpacking packages'],
    [/^Setting up (\S+)/u, 'configuring packages'],
  ];
  return (line) => {
    const sum = /^\d+ upgraded, (\d+) newly installed/u.exec(line);
    if (sum !== null) total = Number(sum[1]);
    for (const [form, phase] of phases) {
      const text = form.exec(line)?.[1];
      if (text === undefined) continue;
      if (phase === 'configuring packages') done += 1;
      const counted = phase === 'configuring packages' && total > 0;
      report({ phase, text, ...(counted ? { done: Math.min(done, total), total, unit: 'items' as const } : {}) });
    }
  };
}

const unknownForms = [
  /^E: Unable to locate package (\S+)/u,
  /^E: Package '([^']+)' has no installation candidate/u,
  /^E: Version '[^']*' for '([^']+)' was not found/u,
];
const corrupt = /Hash Sum mismatch|(?:size|Size) mismatch/u;
const network =
  /^(?:E: Failed to fetch|W: Failed to fetch|Err:)|Temporary failure resolving|Could not connect|Some index files failed/u;

/** `lines`: those of errors and warnings. Gives MSP_PACKAGE_UNKNOWN, MSP_PACKAGE_CORRUPT, MSP_APT_NETWORK, or what it was given. */
export function aptFailure(lines: readonly string[], error: unknown): unknown {
  if (!MachinespawnError.is(error) || error.code !== 'MSP_TOOL_FAILED') return error;
  const unknown = lines.flatMap((line) => unknownForms.flatMap((form) => form.exec(line)?.[1] ?? []));
  if (unknown.length > 0) return fail('MSP_PACKAGE_UNKNOWN', { packages: unknown, suite: 'the archive' }, error);
  const bad = lines.find((line) => corrupt.test(line));
  if (bad !== undefined) return fail('MSP_PACKAGE_CORRUPT', { text: bad, mirror: 'the archive' }, error);
  const lost = lines.find((line) => network.test(line));
  return lost === undefined ? error : fail('MSP_APT_NETWORK', { text: lost }, error);
}
