/** What a step may fetch, and take in. Types only. */

export interface FetchOptions {
  readonly proxy?: string | null | undefined;
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
  /** Further tries. @default 3 */
  readonly retries?: number;
}

export interface Fetched {
  readonly body: Buffer;
  /** Where it was found in the end. */
  readonly url: string;
  /** The server's clock, ISO 8601, UTC; absent when it says none, or when a cache answered. */
  readonly servedAt?: string;
}

/** What tells one state of a file on a server from another. */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export interface DownloadOptions {
  /** Where the whole file goes by a rename, replacing what is there; may depend on its digest. */
  readonly path: string | ((sha256: string) => string);
  /** The file in the making; what it was begun from stands in PARTIAL.json. @default `${path}.partial` */
  readonly partial?: string;
  /** What it must be. Anything else is removed: MSP_DOWNLOAD_DIGEST, MSP_DOWNLOAD_SIZE. */
  readonly expected?: { readonly sizeBytes?: number; readonly sha256?: string };
  /** A larger one is not fetched: MSP_DOWNLOAD_TOO_LARGE. @default no limit but the disk's */
  readonly maxBytes?: number;
  /** As in FetchOptions: undefined asks the environment, null is none. */
  readonly proxy?: string | null | undefined;
  /** Without a byte for so long the connection is given up. @default 30000 */
  readonly stallMs?: number;
  /** @default no limit */
  readonly limitBytesPerSecond?: number;
  /** Further tries in a row that bring nothing. @default 4 */
  readonly retries?: number;
  /** Is it on the disk, and not only in memory, when this returns? Off for what is cheap to fetch again. @default true */
  readonly durable?: boolean;
  /** Ends this download alone, with MSP_CANCELLED. */
  readonly signal?: AbortSignal;
  /** A few times a second; `totalBytes` is null when the server does not tell. */
  readonly onProgress?: (doneBytes: number, totalBytes: number | null) => void;
  /** After each piece that was written. All of it may be thrown away: then `sizeBytes` is smaller than before. */
  readonly onGrown?: (file: GrownFile) => void;
  /** When it is whole, and right, before it gets its last name; waited for. */
  readonly onWhole?: (file: GrownFile) => Promise<void>;
  /** What a person may want to know, such as "starts over: the server has another file now". */
  readonly onNote?: (text: string) => void;
}

/** A file that is being fetched. */
export interface GrownFile {
  readonly path: string;
  /** The last of it may still be on its way to the disk, but when it is whole. */
  readonly sizeBytes: number;
  /** Was every request made over https? */
  readonly secure: boolean;
}

export interface Downloaded extends Validators {
  /** After redirects. */
  readonly url: string;
  readonly path: string;
  /** Of the bytes as served: 64 hex digits. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** What came over the network in this call; the rest was there. */
  readonly fetchedBytes: number;
  /** Was every request made over https? */
  readonly secure: boolean;
}

export interface PeekOptions {
  /** How many first bytes are wanted. */
  readonly bytes: number;
  /** What is known of the file: then a server that has nothing else sends no bytes. */
  readonly known?: Validators | null;
  readonly proxy?: string | null | undefined;
  /** Further tries. @default 4 */
  readonly retries?: number;
}

export interface Peeked extends Validators {
  /** After redirects. */
  readonly url: string;
  /** Was every request made over https? */
  readonly secure: boolean;
  /** Is it what was known? Then `start` is empty. */
  readonly isKnown: boolean;
  readonly start: Buffer;
  /** Of the whole file; null when the server does not tell. */
  readonly sizeBytes: number | null;
}

export interface Net {
  /** The first bytes of a file. Throws MSP_DOWNLOAD_NOT_FOUND, MSP_HTTP_STATUS, MSP_NETWORK, MSP_TLS_UNTRUSTED, MSP_REDIRECT_*. */
  peek(url: string, options: PeekOptions): Promise<Peeked>;
  /**
   * Fetches a file to the disk. Cut off at any moment, the same call goes on where it was. Its caller sees to it that
   * nobody else fetches to the same place. Throws MSP_DOWNLOAD_*, MSP_NETWORK, MSP_TLS_UNTRUSTED, MSP_HTTP_STATUS,
   * MSP_REDIRECT_*, MSP_SPACE_LOW, MSP_DISK_FULL.
   */
  download(url: string, options: DownloadOptions): Promise<Downloaded>;
  /**
   * The body, or null for 404. Retried on what can pass. A proxy that is in the way is left, with a notice.
   * Throws MSP_NETWORK, MSP_TLS_UNTRUSTED, MSP_HTTP_STATUS, MSP_REDIRECT_*.
   */
  fetch(url: string, options?: FetchOptions): Promise<Fetched | null>;
  /** Is it there? False for 404. A HEAD request, else the body is fetched. Throws as `fetch` does. */
  exists(url: string, options?: FetchOptions): Promise<boolean>;
  /** Does something answer, and take the connection within `connectMs` (else all the time there is)? Never throws. */
  probe(
    url: string,
    options: { readonly timeoutMs: number; readonly connectMs?: number },
  ): Promise<{
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  } | null>;
}

/** What a proxy did with a request. `silent`: it took the connection and then gave nothing of use. */
export type ProxyAnswer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** Its first 64 KiB or so. */
      readonly body: string;
    }
  | { readonly kind: 'unreachable' | 'silent' | 'no-http'; readonly problem: string };

/** From a SRV record of the DNS. */
export interface ServiceRecord {
  readonly host: string;
  readonly port: number;
}

/**
 * Proxies. Their user names and passwords are held in memory only: what a step gives out, logs or passes on is the
 * address without them, which `net.fetch` and `ask` take.
 */
export interface Proxies {
  /** The address without user and password, which are kept until this process ends. */
  hide(url: string): string;
  /** The address with them, for a program's environment; never for an argument or a file that stays. */
  reveal(url: string): string;
  /** From now on nothing goes through it. True when that is news. */
  leave(url: string): boolean;
  hasLeft(url: string): boolean;
  /** Asks for an address through it, once. Never throws. */
  ask(proxy: string, url: string, options: { readonly timeoutMs: number }): Promise<ProxyAnswer>;
  /** Best first; empty when there are none, or no name server answers in time. */
  serviceRecords(name: string, options: { readonly timeoutMs: number }): Promise<readonly ServiceRecord[]>;
}

export interface Digested {
  /** 64 hex digits. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface TakeInputOptions {
  readonly partial: string;
  /** Where it goes when it is whole. */
  readonly path: (sha256: string) => string;
  readonly maxBytes?: number;
  readonly onProgress?: (doneBytes: number) => void;
}
