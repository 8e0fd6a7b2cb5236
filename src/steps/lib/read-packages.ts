/** Gets the list of packages of a suite's component, as the signed index promises it. */
import { fail, MachinespawnError } from '../../errors/machinespawn-error.ts';
import { PackagesIndex } from '../../model/packages-index.ts';
import type { PackageSource } from '../../model/package-universe.ts';
import type { IndexedFile, ReleaseFile } from '../../model/release-file.ts';
import type { Context } from '../define-step.ts';
import { keepPackages, recallPackages } from './packages-memo.ts';

export interface PackagesRequest {
  readonly mirror: string;
  readonly suite: string;
  readonly component: string;
  readonly arch: string;
  /** The suite's index, verified. */
  readonly release: ReleaseFile;
  readonly proxy: string | null;
}

/** Smallest first. */
const forms = [
  { ending: '.xz', program: 'xz', args: ['--decompress', '--stdout', '--format=xz', '--threads=2'] },
  { ending: '.gz', program: 'gzip', args: ['--decompress', '--stdout', '--force'] },
  { ending: '', program: 'cat', args: [] },
] as const;

/** Throws MSP_ARCHIVE_LACKS, MSP_PACKAGES_MISSING, MSP_INDEX_CORRUPT, MSP_NETWORK, MSP_HTTP_STATUS. */
export async function readPackages(context: Context, request: PackagesRequest): Promise<PackageSource> {
  const { mirror, suite, component, arch, release } = request;
  const base = `${component}/binary-${arch}/Packages`;
  const form = forms.find(({ ending }) => release.files.has(base + ending));
  const promised = release.files.get(base + (form?.ending ?? ''));
  if (form === undefined || promised === undefined)
    throw fail('MSP_ARCHIVE_LACKS', { suite, mirror, what: `list of packages for ${component} on ${arch}` });
  const name = base + form.ending;
  const suites = [...new Set([suite, release.suite ?? suite, release.codename ?? suite])];
  const source = { mirror, url: `${mirror}/dists/${suite}/${name}`, priority: release.priority, suites };
  const known = await recallPackages(context, promised.sha256);
  if (known !== null) return { ...source, index: known };
  const path = await fetchPromised(context, request, name, promised);
  const index = new PackagesIndex();
  await context.services.exec({
    file: form.program,
    args: [...form.args, path],
    onBytes: (bytes) => index.push(bytes),
    reads: true,
    sandbox: false,
  });
  index.end();
  await keepPackages(context, promised.sha256, index);
  return { ...source, index };
}

/** Gives the path. */
async function fetchPromised(
  context: Context,
  { mirror, suite, release, proxy }: PackagesRequest,
  name: string,
  expected: IndexedFile,
): Promise<string> {
  const { services } = context;
  const directory = `${mirror}/dists/${suite}`;
  const url = `${directory}/${name}`;
  // By its digest, it is the right one also while the mirror is being updated.
  const byHash = `${directory}/${name.slice(0, name.lastIndexOf('/'))}/by-hash/SHA256/${expected.sha256}`;
  const path = `${services.directories.scratch}/${expected.sha256}`;
  for (const place of release.acquireByHash ? [byHash, url] : [url]) {
    try {
      const onProgress = (done: number): void =>
        context.progress({ phase: 'fetching the list of packages', done, total: expected.sizeBytes, unit: 'bytes' });
      await services.net.download(place, { path, expected, proxy, durable: false, onProgress });
      return path;
    } catch (error) {
      const code = MachinespawnError.is(error) ? error.code : null;
      if (code === 'MSP_DOWNLOAD_NOT_FOUND') continue;
      if (code === 'MSP_DOWNLOAD_DIGEST' || code === 'MSP_DOWNLOAD_SIZE' || code === 'MSP_DOWNLOAD_TOO_LARGE')
        throw fail('MSP_INDEX_CORRUPT', { text: place, mirror }, error);
      throw error;
    }
  }
  throw fail('MSP_PACKAGES_MISSING', { url });
}
