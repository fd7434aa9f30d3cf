/** The kinds of requests that are counted separately. */
export type CountedRequest = "rotate" | "mint" | "probe" | "list" | "get";

export interface Hello {
  url: string;
  token: string;
  organization: string;
  names: string[];
}

export interface Tally {
  calls: Record<CountedRequest, number>;
  /** Milliseconds since 1970: when the first request arrived, and when the last response was sent. */
  firstAt?: number;
  lastAt?: number;
  /** For how long at least one request was in flight. */
  busyMs: number;
  /** When the responses to the last rotation and the last mint were sent. */
  rotatedAt?: number;
  mintedAt?: number;
}

/** The group that all databases are in. */
export const GROUP = "tenants";
