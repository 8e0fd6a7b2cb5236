/**
 * The cache of downloads: each file by its digest, and for each address what it gave last, with the server's validators.
 * CACHE/downloads/SHA256, urls/SHA256-OF-URL.json, partial/SHA256-OF-URL, partial/stdin-RUN.
 */
import type { StepServices } from '../../host/services.ts';
import { sha256 } from './sha256.ts';
import type { PulledImage } from './pulled-image.ts';

type Cached = Pick<StepServices, 'directories' | 'files'>;

export interface UrlNote {
  readonly format: 1;
  readonly url: string;
  readonly finalUrl: string;
  readonly secure: boolean;
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** How it was verified; null before. */
  readonly verification: string | null;
}

const root = ({ directories }: Cached): string => `${directories.cache}/downloads`;
const notePath = (services: Cached, url: string): string => `${root(services)}/urls/${sha256(url)}.json`;

export const blobPath = (services: Cached, digest: string): string => `${root(services)}/${digest}`;
export const partialPath = (services: Cached, url: string): string => `${root(services)}/partial/${sha256(url)}`;

const inputPrefix = 'stdin-';
const partials = (services: Cached): string => `${root(services)}/partial`;

/** Where a run keeps what comes in through standard input: two may read two of them at once. */
export const inputPath = (services: Cached, runId: string): string => `${partials(services)}/${inputPrefix}${runId}`;

/** Removes what dead runs left of their standard input, which nobody can go on with. */
export async function sweepInputs(services: Cached & Pick<StepServices, 'lockForRun'>, runId: string): Promise<void> {
  await services.lockForRun(`${inputPrefix}${runId}`);
  for (const name of await services.files.list(partials(services))) {
    const owner = name.replace(/\.json$/u, '');
    if (!name.startsWith(inputPrefix) || owner === `${inputPrefix}${runId}`) continue;
    // Nobody holds it: its run is dead.
    if ((await services.lockForRun(owner)).isTaken) await services.files.remove(`${partials(services)}/${name}`);
  }
}

/** What an address gave last, if the file is still there. */
export async function readNote(services: Cached, url: string): Promise<UrlNote | null> {
  const path = notePath(services, url);
  if ((await services.files.info(path)) === null) return null;
  const note = parseNote(await services.files.readText(path));
  if (note === null || note.url !== url) return null;
  const info = await services.files.info(blobPath(services, note.sha256));
  return info?.type === 'file' && info.sizeBytes === note.sizeBytes ? note : null;
}

export async function writeNote(services: Cached, note: UrlNote): Promise<void> {
  await services.files.makeDirectory(`${root(services)}/urls`);
  await services.files.writeText(notePath(services, note.url), `${JSON.stringify(note)}\n`);
}

/** Bad bytes are not kept. A user's own file is left alone. */
export async function forgetImage(services: Cached, image: PulledImage): Promise<void> {
  if (image.kind === 'http') {
    const note = notePath(services, image.place);
    if ((await services.files.info(note)) !== null) await services.files.remove(note);
  }
  const blob = blobPath(services, image.sha256);
  if (image.path === blob && (await services.files.info(blob)) !== null) await services.files.remove(blob);
}

function parseNote(text: string): UrlNote | null {
  try {
    const note = JSON.parse(text) as UrlNote;
    return note.format === 1 && /^[0-9a-f]{64}$/u.test(note.sha256) ? note : null;
  } catch {
    // A torn note is none.
    return null;
  }
}
