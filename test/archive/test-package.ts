/** A package as an index of an archive tells of it. The .deb itself is never changed. */
import type { SiteFile } from './archive-site.ts';

export interface TestPackage {
  readonly name: string;
  /** Its paragraph in Packages, without an empty line at the end. */
  readonly paragraph: string;
  /** Path below the archive, such as pool/main/t/tar/tar_1.34_amd64.deb. */
  readonly path: string;
  readonly content: SiteFile;
}

/** Value of a field of a control paragraph; null when it is not there. */
export function fieldOf(paragraph: string, name: string): string | null {
  return new RegExp(`^${name}: *(.*)$`, 'mu').exec(paragraph)?.[1] ?? null;
}

/** The paragraph with another value in that field; the field is added when it is not there. */
export function withField(paragraph: string, name: string, value: string): string {
  const line = `${name}: ${value}`;
  const present = new RegExp(`^${name}:.*$`, 'mu');
  return present.test(paragraph) ? paragraph.replace(present, () => line) : `${paragraph}\n${line}`;
}
