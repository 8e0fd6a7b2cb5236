/** "none", "auto" or '' (the environment's), or the URL of a proxy, as `net` takes it: undefined asks the environment. */
export function proxyOf(option: string): string | null | undefined {
  if (option === '' || option === 'auto') return undefined;
  return option === 'none' ? null : option;
}
