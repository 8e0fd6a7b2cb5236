/** What a person calls an image: "Debian 12". */
import { parseImageSpec } from '../model/image-spec.ts';

/** Throws MSP_IMAGE_UNKNOWN. */
export function imageTitle(image: string): string {
  const { distro, version, codename } = parseImageSpec(image);
  return `${distro === 'debian' ? 'Debian' : 'Ubuntu'} ${version ?? codename}`;
}
