/** Which packages a base begins with, before their dependencies: what debootstrap 1.0.128's scripts say. */
import type { PackageUniverse } from './package-universe.ts';
import type { BootstrapVariant } from './proven-equal.ts';

export interface BaseRecipe {
  readonly required: readonly string[];
  readonly base: readonly string[];
  /** Never taken because something depends on it, only when it is asked for. */
  readonly neverByDependency: ReadonlySet<string>;
}

export interface RecipeRequest {
  readonly distro: 'debian' | 'ubuntu';
  readonly codename: string;
  readonly variant: BootstrapVariant;
  readonly mirror: string;
}

/** Releases whose apt needs a package of its own for https. */
const httpsApart = new Set(['jessie', 'stretch', 'xenial']);
/** Debian's releases from before the merge of /usr became a duty. */
const beforeMerge = new Set(['jessie', 'stretch', 'buster', 'bullseye']);

export function baseRecipe(universe: PackageUniverse, request: RecipeRequest): BaseRecipe {
  const { codename, distro, variant, mirror } = request;
  const base = {
    default: () => universe.ofPriority('important'),
    minbase: () => ['apt'],
    buildd: () => ['apt', 'build-essential'],
  }[variant]();
  const https = httpsApart.has(codename) ? ['apt-transport-https', 'ca-certificates'] : ['ca-certificates'];
  // A new tree has a merged /usr from the start: what would merge it has nothing to do.
  const mustMerge = distro === 'debian' && !beforeMerge.has(codename);
  return {
    // Essential packages are required ones in Debian and Ubuntu; of other archives debootstrap would leave them out.
    required: [
      ...new Set([...universe.ofPriority('required'), ...universe.essential()]),
      ...(codename === 'bookworm' ? ['usr-is-merged'] : []),
    ],
    base: [...base, ...(mirror.startsWith('https://') ? https : [])],
    neverByDependency: new Set(mustMerge ? ['usrmerge'] : []),
  };
}
