/** Files of an archive by the path of their URL, and the archives of several hosts. */

/** What is at a path: the bytes, or a file on the disk, as a package is. */
export type SiteFile = Buffer | { readonly file: string };

/** Path of the URL, such as /debian/dists/bookworm/InRelease -> its content. */
export type Site = Map<string, SiteFile>;

/** Host name, without a port -> what it serves. `*` answers for every host that is not named. */
export type Sites = Map<string, Site>;

/** The site of a host, made when it is asked for first. */
export function siteOf(sites: Sites, host: string): Site {
  const site = sites.get(host) ?? new Map<string, SiteFile>();
  sites.set(host, site);
  return site;
}
