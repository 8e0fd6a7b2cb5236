/** debootstrap's error codes (read in 1.0.123 to 1.0.145) -> ours. */
import { fail, type MachinespawnError } from '../errors/machinespawn-error.ts';
import type { Arch } from './arch.ts';
import type { DebootstrapMessage } from './debootstrap-status.ts';

const network = new Set(['NOGETREL', 'BADMIRROR', 'COULDNTDL', 'COULDNTDLPKGS', 'BADDLOAD', 'RETRYING', 'UNKNOWNLOC']);
const signature = new Set(['UNKNOWNRELSIG', 'BADRELSIG', 'NOGETRELSIG', 'KEYRING', 'NEEDPGPV', 'NEEDGPGV', 'SIGCHECK']);
const lacking = new Set(['MISSINGRELENTRY', 'INVALIDREL', 'WRONGSUITE']);
const foreign = new Set(['ARCHNOTEXEC']);

export interface DebootstrapRun {
  readonly suite: string;
  readonly mirror: string;
  readonly arch: Arch;
}

/**
 * The failure of a run, from all the messages that it gave; null when there is no error among them.
 * A download that failed because a file had the wrong digest is told from one that did not arrive, and a list of
 * packages from a package.
 */
export function debootstrapFailure(
  messages: readonly DebootstrapMessage[],
  run: DebootstrapRun,
): MachinespawnError | null {
  const error = messages.findLast((message) => message.level === 'error');
  if (error === undefined) return null;
  const data = { debootstrapCode: error.code, text: error.text, mirror: run.mirror };
  if (network.has(error.code)) {
    const corrupt = messages.findLast((message) => message.code === 'CORRUPTFILE');
    const bad = corrupt === undefined ? null : { text: corrupt.text, mirror: run.mirror };
    if (bad !== null) return fail(isIndex(bad.text) ? 'MSP_INDEX_CORRUPT' : 'MSP_PACKAGE_CORRUPT', bad);
    return fail('MSP_DEBOOTSTRAP_NETWORK', data);
  }
  if (signature.has(error.code)) return fail('MSP_DEBOOTSTRAP_SIGNATURE', data);
  if (error.code === 'LEFTOVERDEBS') {
    const packages = error.args
      .join(' ')
      .split(/\s+/u)
      .filter((name) => name !== '');
    return fail('MSP_PACKAGE_UNKNOWN', { packages, suite: run.suite });
  }
  if (lacking.has(error.code)) {
    const what = error.code === 'MISSINGRELENTRY' ? (error.args[0] ?? error.text) : `such suite: ${error.text}`;
    return fail('MSP_ARCHIVE_LACKS', { suite: run.suite, mirror: run.mirror, what });
  }
  if (foreign.has(error.code)) return fail('MSP_BINFMT_MISSING', { arch: run.arch, problem: error.text });
  return fail('MSP_DEBOOTSTRAP_FAILED', data);
}

/** "http://…/dists/bookworm/main/binary-amd64/Packages was corrupt". */
function isIndex(text: string): boolean {
  return /\/dists\/\S+\/Packages(?:\.\w+)?(?:\s|$)/u.test(text);
}
