import type { Connection } from "./connection";
import type { ApiScope } from "./endpoints";
import type { Effect, TursoError } from "./errors";
import type { Source } from "./transport";
import type { Target } from "../values/scope";

/** What a failed call knows; the advice follows from it. */
export interface FailedCall {
  /** What ended the call. */
  from: Source;
  status: number | undefined;
  effect: Effect;
  retryAfterMs: number;
  /** The target, if the call had one. */
  target: Target | undefined;
  /** The scope that a restricted API token needs for the call. */
  permission: ApiScope;
  organization: string;
  /** The API itself says that the target does not exist. */
  isGone: boolean;
}

export const adviceForMissingToken = ({ configNamespace = "turso" }: Connection): string =>
  `Set it with \`pulumi config set --secret ${configNamespace}:apiToken\`, which prompts for it, or in the environment as TURSO_API_TOKEN.`;

/** What to do after a failed call: the last sentence of its error. */
export function adviceFor(failure: FailedCall, { apiTokenOrigin, apiUrl }: Connection): string {
  const { from, status, effect, retryAfterMs, target, permission, organization, isGone } = failure;
  if (effect === "unknown") return "Find out whether it happened before you send it again.";
  if (from === "caller") return "Run `pulumi cancel`, then `pulumi up` again.";
  if (from === "proxy") return "Check HTTPS_PROXY and its credentials, then try again.";
  switch (status) {
    case 400:
      return target?.kind === "database" && permission === "db:rotate-creds"
        ? "If the database is in a dedicated group of an older server, Turso refuses to rotate it alone: rotate its group. Otherwise correct what the API names."
        : NOT_ACCEPTED;
    case 401:
      return `The API token, read from ${apiTokenOrigin}, is wrong or has expired. Mint a new one (turso auth api-tokens mint NAME --org ${organization}) and set it there.`;
    case 402:
      return "The organization's plan or payment does not allow it. See its billing page.";
    case 403:
      return `The API token, read from ${apiTokenOrigin}, lacks the scope ${permission}. Scopes cannot be added to a token: mint a new one that has it, and set it there.`;
    case 404:
      return isGone && target
        ? `Check the name of the ${target.kind} "${target.name}" and the organization "${organization}".`
        : `Check the organization "${organization}" and the API's URL ${apiUrl}.`;
    case 409:
      return "Something else is changing the target right now. Try again in a moment.";
    case 429:
      return `The API limits the rate of requests. Wait ${retryAfterMs ? `${Math.ceil(retryAfterMs / 1000)} s` : "a minute"} and try again.`;
    case undefined:
      return `Check the network and the API's URL ${apiUrl}, then try again.`;
    default:
      if (status >= 500 || status < 300) return "Try again. If it keeps failing, ask Turso's support.";
      return status < 400
        ? `Redirects are never followed, because they would forward the API token. Check the API's URL ${apiUrl}.`
        : NOT_ACCEPTED;
  }
}

/** What a refresh says of a lookup that failed. @param isConfigured whether the API token comes from stack config */
export function describeUnread({ message, status }: TursoError, isConfigured: boolean): string {
  const exchanged =
    isConfigured && (status === 401 || status === 403)
      ? " If that API token was exchanged: a refresh uses the connection of the last `pulumi up`, so run `pulumi up` without --refresh first, or refresh with --run-program."
      : "";
  return `${message}${exchanged} The state stays as it is.`;
}

const NOT_ACCEPTED = "The API rejects the request as it is. Correct what it names, or ask Turso's support.";
