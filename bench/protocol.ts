/** What is counted apart. */
export type RequestKind = "rotate" | "mint" | "probe" | "list" | "get";

export interface Hello {
  url: string;
  token: string;
  organization: string;
  names: string[];
}

export interface Tally {
  calls: Record<RequestKind, number>;
  /** Milliseconds since 1970: when the first request arrived, and when the last one was answered. */
  firstAt?: number;
  lastAt?: number;
  /** For how long at least one request was under way. */
  busyMs: number;
  /** When the last rotation, and the last minting, were answered. */
  rotatedAt?: number;
  mintedAt?: number;
}

/** The group that all databases are in. */
export const GROUP = "tenants";
