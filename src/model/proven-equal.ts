/**
 * Machines of the fast way that a test compares with debootstrap's, entry for entry: test/real/equality.test.ts. CI compares
 * what there is time for, `npm run equality` all of it. What is not here debootstrap does, unless the fast way is asked for.
 */
import type { Arch } from './arch.ts';

/** Which packages make the base: debootstrap's --variant. */
export type BootstrapVariant = 'default' | 'minbase' | 'buildd';

/** What is compared as one. */
export interface EqualityCell {
  readonly codename: string;
  readonly variant: BootstrapVariant;
  /** The machine's; the ones that the host does not run are compared with native programs standing in. */
  readonly arch: Arch;
}

/** Architecture of the host that all of them were compared on. */
export const comparedHost: Arch = 'amd64';

/**
 * With these in addition, the default variants are compared. debootstrap does not find dbus by itself: what asks for it
 * names a virtual package.
 */
export const comparedIncludes: readonly string[] = ['dbus', 'nano', 'systemd-container'];

/** Codename -> variant -> architectures. Not buildd: debootstrap leaves /usr unmerged in it, where a release still may. */
const proven: Readonly<Record<string, Readonly<Partial<Record<BootstrapVariant, readonly Arch[]>>>>> = {
  bookworm: { minbase: ['amd64', 'i386', 'arm64', 'armhf'], default: ['amd64', 'i386', 'arm64', 'armhf'] },
  trixie: {
    minbase: ['amd64', 'i386', 'arm64', 'armhf', 'riscv64'],
    default: ['amd64', 'i386', 'armhf', 'riscv64'],
  },
  forky: { minbase: ['amd64', 'i386'], default: ['amd64', 'i386'] },
  sid: { minbase: ['amd64', 'i386'], default: ['amd64', 'i386'] },
};

/** All of them. */
export function equalityCells(): readonly EqualityCell[] {
  return Object.entries(proven).flatMap(([codename, variants]) =>
    (Object.entries(variants) as [BootstrapVariant, readonly Arch[]][]).flatMap(([variant, archs]) =>
      archs.map((arch) => ({ codename, variant, arch })),
    ),
  );
}

/** Is it among them? */
export function isProvenEqual({ codename, variant, arch }: EqualityCell): boolean {
  return proven[codename]?.[variant]?.includes(arch) === true;
}

/** Was the machine of any architecture compared? */
export function isProvenVariant({ codename, variant }: Pick<EqualityCell, 'codename' | 'variant'>): boolean {
  return proven[codename]?.[variant] !== undefined;
}
