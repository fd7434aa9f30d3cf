import { capitalise } from "../values/text";

/**
 * The effect of a request:
 * `unchanged`: it was certainly not carried out; `unknown`: it may or may not have been.
 */
export type Effect = "unchanged" | "unknown";

/** What an error knows, as data. The sentence is made from it, here and nowhere else. */
export interface ErrorData {
  /** What was attempted, on what: `rotating acme/databases/app`. */
  attempted: string;
  /** What came back: `the API answered 403 (no permission)`. */
  answer: string;
  effect: Effect;
  /** Whether anything changed, where the effect's own sentence is not enough. */
  changed?: string;
  /** What to do next. */
  next: string;
  /** The HTTP status, where there was a response. */
  status?: number | undefined;
  /** The API itself says that the target does not exist; any other 404 proves nothing. */
  isGone?: boolean;
  /** Nobody waits for the result any more, so the request was not sent. */
  isCallerGone?: boolean;
  /** The response is larger than this package reads. */
  isTooLarge?: boolean;
  /** How long the server asks to wait, in milliseconds; 0: it does not say. */
  retryAfterMs?: number;
}

const CHANGED: Record<Effect, string> = {
  unchanged: "Nothing was changed.",
  unknown: "Whether it was carried out is not known.",
};

/** The sentence of an error: what was attempted, what came back, what changed, what to do next. */
export const sentence = (data: ErrorData): string => `${capitalise(data.attempted)}: ${reason(data)}`;

/** The sentence without what was attempted, for a list in which each target's name stands before it. */
const reason = ({ answer, effect, changed, next }: ErrorData): string =>
  `${answer}. ${changed ?? CHANGED[effect]} ${next}`;

/** The one error of this package that is about Turso. */
export class TursoError extends Error {
  constructor(readonly data: ErrorData) {
    super(sentence(data));
    this.name = "TursoError";
  }

  get effect(): Effect {
    return this.data.effect;
  }

  get status(): number | undefined {
    return this.data.status;
  }

  get answer(): string {
    return this.data.answer;
  }

  get reason(): string {
    return reason(this.data);
  }

  get isGone(): boolean {
    return this.data.isGone ?? false;
  }

  /** Whether the API itself may work: it answered, or nobody asked it. */
  get isUsable(): boolean {
    const { effect, status, isCallerGone = false } = this.data;
    return effect === "unchanged" && (status !== undefined || isCallerGone);
  }

  get isTooLarge(): boolean {
    return this.data.isTooLarge ?? false;
  }

  /** The API limits the rate of requests for longer than one request waits: the next one would fail too. */
  get isRateLimited(): boolean {
    return this.data.status === 429;
  }

  /** How long the server asks to wait, in milliseconds; 0: it does not say. */
  get retryAfterMs(): number {
    return this.data.retryAfterMs ?? 0;
  }
}

/** A failure of the API as a value; any other error is a bug and is thrown. */
export async function attempt<T>(act: () => Promise<T>): Promise<T | TursoError> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof TursoError) return error;
    throw error;
  }
}
