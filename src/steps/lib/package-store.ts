/**
 * The .deb files of one distribution, kept by their content. Each has a second name, the one that debootstrap and apt give it,
 * so that they use what we have fetched, and we what they have. Two archives may have different files of one name: both are
 * kept, and the one that was wanted last has the name.
 */
import { fail, MachinespawnError } from '../../errors/machinespawn-error.ts';
import type { StepServices } from '../../host/services.ts';
import { debContentPath, debPath, type SelectedPackage } from '../../model/package-selection.ts';
import type { Context } from '../define-step.ts';

export interface FetchWishes {
  readonly directory: string;
  /** Archives with the same content, tried after the package's own. */
  readonly mirrors: readonly string[];
  readonly proxy: string | null;
  /** Ends this one. */
  readonly signal: AbortSignal;
  readonly onProgress: (doneBytes: number) => void;
}

/** At most so many files are read at once. */
const readers = 4;

/** Sees to both names of what is there; gives those that are not. */
export async function settlePackages(
  services: Pick<StepServices, 'files'>,
  directory: string,
  packages: readonly SelectedPackage[],
): Promise<readonly SelectedPackage[]> {
  const { files } = services;
  const unnamed = await lackingPackages(services, directory, packages);
  await files.makeDirectory(`${directory}/.sha256`);
  const kept = new Set(await files.list(`${directory}/.sha256`));
  for (const one of packages) {
    if (unnamed.includes(one) || kept.has(one.sha256)) continue;
    await files.link(debPath(directory, one), debContentPath(directory, one));
  }
  const lacking: SelectedPackage[] = [];
  for (const one of unnamed) {
    const content = debContentPath(directory, one);
    const found = kept.has(one.sha256) ? await files.sha256(content) : null;
    if (found === one.sha256) await files.link(content, debPath(directory, one));
    else {
      if (found !== null) await files.remove(content);
      lacking.push(one);
    }
  }
  return lacking;
}

/** Those that are not there by their second name with the right content: a name proves nothing. */
export async function lackingPackages(
  { files }: Pick<StepServices, 'files'>,
  directory: string,
  packages: readonly SelectedPackage[],
): Promise<readonly SelectedPackage[]> {
  const lacking: SelectedPackage[] = [];
  const rest = packages.values();
  const look = async (): Promise<void> => {
    for (const one of rest) {
      if ((await files.sha256(debPath(directory, one))) !== one.sha256) lacking.push(one);
    }
  };
  await Promise.all(Array.from({ length: readers }, look));
  return lacking.toSorted((a, b) => b.sizeBytes - a.sizeBytes || (a.name < b.name ? -1 : 1));
}

const isBad = (code: string): boolean =>
  ['MSP_DOWNLOAD_DIGEST', 'MSP_DOWNLOAD_SIZE', 'MSP_DOWNLOAD_TOO_LARGE'].includes(code);
const canBeElsewhere = (code: string): boolean =>
  isBad(code) ||
  ['MSP_DOWNLOAD_NOT_FOUND', 'MSP_DOWNLOAD_CUT', 'MSP_DOWNLOAD_STALLED', 'MSP_DOWNLOAD_RANGE'].includes(code) ||
  ['MSP_NETWORK', 'MSP_TLS_UNTRUSTED', 'MSP_REDIRECT_REFUSED', 'MSP_HTTP_STATUS'].includes(code);

/** Throws MSP_PACKAGE_GONE, MSP_PACKAGE_CORRUPT, and what a download throws. */
export async function fetchPackage(
  { services, log }: Context,
  one: SelectedPackage,
  { directory, mirrors, proxy, signal, onProgress }: FetchWishes,
): Promise<void> {
  const { name, version, filename, sizeBytes, sha256 } = one;
  const urls = [...new Set([one.mirror, ...mirrors])].map((mirror) => `${mirror}/${filename}`);
  const failures: MachinespawnError[] = [];
  // A bad file of the only mirror may have been spoilt on its way: it gets a second chance.
  for (const url of urls.length === 1 ? [...urls, ...urls] : urls) {
    try {
      await services.net.download(url, {
        path: debPath(directory, one),
        // Another directory than debootstrap's own for such files: it would take a half one for a bad one.
        partial: `${directory}/.partial/${sha256}`,
        expected: { sizeBytes, sha256 },
        proxy,
        // Its digest is looked at before each use.
        durable: false,
        signal,
        onProgress,
      });
      await services.files.link(debPath(directory, one), debContentPath(directory, one));
      return;
    } catch (error) {
      if (!MachinespawnError.is(error) || !canBeElsewhere(error.code)) throw error;
      failures.push(error);
      if (urls.length === 1 && !isBad(error.code)) break;
      log.warn(`${name} ${version}: ${error.message}`);
    }
  }
  if (failures.every(({ code }) => code === 'MSP_DOWNLOAD_NOT_FOUND'))
    throw fail('MSP_PACKAGE_GONE', { package: name, version, urls }, failures[0]);
  const bad = failures.findLast(({ code }) => isBad(code));
  if (bad === undefined) throw failures.at(-1) ?? new TypeError('a package that was not fetched has no failure');
  throw fail('MSP_PACKAGE_CORRUPT', { text: bad.message, mirror: one.mirror }, bad);
}
