/** Lists as they are given to --include, --exclude and --components: "nano,less". */
import { fail } from '../errors/machinespawn-error.ts';

/** Debian Policy 5.6.7. */
const packageName = /^[a-z0-9][a-z0-9+.-]+$/u;
/** "main", "non-free-firmware"; some archives have "updates/main". */
const componentName = /^[a-z0-9][a-z0-9-]*(?:\/[a-z0-9-]+)*$/u;

/** Sorted, each once; empty for an empty text. Throws MSP_USAGE. */
export function parsePackageList(text: string): readonly string[] {
  return [...parseList(text, packageName, 'a package name')].sort();
}

/** In the order given, each once. Throws MSP_USAGE. */
export function parseComponentList(text: string): readonly string[] {
  return parseList(text, componentName, 'a component of an archive');
}

function parseList(text: string, pattern: RegExp, what: string): readonly string[] {
  const names = text.split(/[\s,]+/u).filter((name) => name !== '');
  const odd = names.find((name) => !pattern.test(name));
  if (odd !== undefined) {
    throw fail('MSP_USAGE', {
      problem: `'${odd}' is not ${what}`,
      hint: 'lower-case names, separated by commas',
    });
  }
  return [...new Set(names)];
}
