import { createHmac, randomBytes } from "node:crypto";

export type Plane = "control" | "data";

export interface LogEntry {
  /** When the request arrived, in milliseconds, by the emulator's clock. */
  at: number;
  plane: Plane;
  /** The database whose port received the request; on the data plane only. */
  database?: string;
  method: string;
  /** Path and query. */
  path: string;
  /** The status that was sent; 0 when no answer was sent. */
  status: number;
  /** Control plane: whether the request did what it asks for (rotated, minted, created, deleted, configured). */
  changed?: boolean;
  /** The fault that was applied to the request, such as `after drop`. */
  fault?: string;
  /** Distinguishes tokens without showing them: `Bearer (343 chars, tag 1f0c22ab)`. */
  authorization?: string;
}

const JWT = /[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g;

/** The requests in their order of arrival, without any credential. */
export class RequestLog {
  readonly entries: LogEntry[] = [];

  // The tag is keyed, so that a log cannot be used to try out guesses of a short API token.
  readonly #key = randomBytes(32);

  constructor(
    private readonly secrets: () => Iterable<string>,
    private readonly onRequest: ((entry: LogEntry) => void) | undefined,
  ) {}

  arrived(entry: LogEntry, authorization: string | undefined): void {
    entry.path = this.#redact(entry.path);
    if (authorization !== undefined) entry.authorization = this.#tag(authorization);
    this.entries.push(entry);
  }

  finished(entry: LogEntry): void {
    this.onRequest?.(entry);
  }

  clear(): void {
    this.entries.length = 0;
  }

  #tag(authorization: string): string {
    const space = authorization.indexOf(" ");
    const scheme = /^(Bearer|Basic) /i.test(authorization) ? authorization.slice(0, space) : "other";
    const credential = scheme === "other" ? authorization : authorization.slice(space + 1).trim();
    const tag = createHmac("sha256", this.#key).update(credential).digest("hex").slice(0, 8);
    return `${scheme} (${credential.length} chars, tag ${tag})`;
  }

  #redact(path: string): string {
    let text = path.replace(JWT, "[redacted]");
    for (const secret of this.secrets()) text = text.replaceAll(secret, "[redacted]");
    return text;
  }
}
