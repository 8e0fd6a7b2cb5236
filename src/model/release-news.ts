/** Where the catalogue of releases learns the day, and what the host's distro-info-data says. The model cannot look itself. */
import type { ReleaseNews } from './release-catalogue.ts';

let provider: () => ReleaseNews | null = () => null;
let told: ReleaseNews | null | undefined;

/** `provide` is called once, when somebody asks for a release. Told by the composition root. */
export function tellReleaseNews(provide: () => ReleaseNews | null): void {
  provider = provide;
  told = undefined;
}

export function askForReleaseNews(): ReleaseNews | null {
  if (told === undefined) told = provider();
  return told;
}
