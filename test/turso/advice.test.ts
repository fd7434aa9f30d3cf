import assert from "node:assert/strict";
import { adviceFor, describeUnread, type FailedCall } from "../../src/turso/advice";
import { TursoError } from "../../src/turso/errors";
import type { Target } from "../../src/values/scope";

const apiUrl = "https://api.turso.tech";
const CONNECTION = { apiUrl, apiToken: "t", apiTokenOrigin: "stack config turso:apiToken" };
const app: Target = { kind: "database", name: "app" };
const team: Target = { kind: "group", name: "team" };

const REJECTED = "The API rejects the request as it is. Correct what it names, or ask Turso's support.";
const AGAIN = "Try again. If it keeps failing, ask Turso's support.";
const WHERE = `Check the organization "acme" and the API's URL ${apiUrl}.`;
const REDIRECT = `Redirects are never followed, because they would forward the API token. Check the API's URL ${apiUrl}.`;
const lacks = (scope: string): string =>
  `The API token, read from stack config turso:apiToken, lacks the scope ${scope}. Scopes cannot be added to a token: mint a new one that has it, and set it there.`;

type Row = [what: string, failure: Partial<FailedCall>, advice: string];

describe("the advice after a failed call", () => {
  const ROWS: Row[] = [
    [
      "400 to the rotation of a database",
      { status: 400 },
      "If the database is in a dedicated group of an older server, Turso refuses to rotate it alone: rotate its group. Otherwise correct what the API names.",
    ],
    [
      "400 to the rotation of a group",
      { status: 400, target: team, permission: "group:rotate-creds" },
      REJECTED,
    ],
    ["400 to the minting for a database", { status: 400, permission: "db:mint-token" }, REJECTED],
    ["400 to a listing", { status: 400, target: undefined, permission: "read" }, REJECTED],
    [
      "401",
      { status: 401 },
      "The API token, read from stack config turso:apiToken, is wrong or has expired. Mint a new one (turso auth api-tokens mint NAME --org acme) and set it there.",
    ],
    ["402", { status: 402 }, "The organization's plan or payment does not allow it. See its billing page."],
    ["403 to a rotation", { status: 403 }, lacks("db:rotate-creds")],
    ["403 to a lookup", { status: 403, permission: "read" }, lacks("read")],
    [
      "404 about the target",
      { status: 404, isGone: true },
      'Check the name of the database "app" and the organization "acme".',
    ],
    ["404 about something else", { status: 404 }, WHERE],
    ["404 to a listing", { status: 404, target: undefined, permission: "read" }, WHERE],
    ["409", { status: 409 }, "Something else is changing the target right now. Try again in a moment."],
    ["418", { status: 418 }, REJECTED],
    [
      "429 with Retry-After",
      { status: 429, retryAfterMs: 90_100 },
      "The API limits the rate of requests. Wait 91 s and try again.",
    ],
    ["429", { status: 429 }, "The API limits the rate of requests. Wait a minute and try again."],
    [
      "no response",
      { from: "network", status: undefined },
      `Check the network and the API's URL ${apiUrl}, then try again.`,
    ],
    [
      "a proxy's refusal",
      { from: "proxy", status: undefined },
      "Check HTTPS_PROXY and its credentials, then try again.",
    ],
    [
      "nothing, because the caller is gone",
      { from: "caller", status: undefined },
      "Run `pulumi cancel`, then `pulumi up` again.",
    ],
    ["500", { status: 500 }, AGAIN],
    ["503", { status: 503 }, AGAIN],
    ["a web page with status 200", { status: 200 }, AGAIN],
    ["300", { status: 300 }, REDIRECT],
    ["308", { status: 308 }, REDIRECT],
    ...[undefined, 200, 408, 500].map((status): Row => [
      `${status ?? "no response"} with an unknown effect`,
      { status, effect: "unknown" },
      "Find out whether it happened before you send it again.",
    ]),
  ];
  for (const [what, failure, advice] of ROWS)
    it(`${what}: ${advice}`, () => {
      const rotation: FailedCall = {
        from: "api",
        status: undefined,
        effect: "unchanged",
        retryAfterMs: 0,
        target: app,
        permission: "db:rotate-creds",
        organization: "acme",
        isGone: false,
      };
      assert.equal(adviceFor({ ...rotation, ...failure }, CONNECTION), advice);
    });
});

describe("a lookup that failed in a refresh", () => {
  const EXCHANGED = / If that API token was exchanged: .* The state stays as it is\.$/;
  for (const [status, isConfigured, mayBeExchanged] of [
    [401, true, true],
    [403, true, true],
    [401, false, false],
    [403, false, false],
    [404, true, false],
    [500, true, false],
    [undefined, true, false],
  ] as const)
    it(`${mayBeExchanged ? "may be due to an exchanged API token" : "says nothing of an exchanged API token"} after ${status ?? "no answer"}${isConfigured ? "" : ", with a token that is not configured"}`, () => {
      const data = {
        attempted: "looking up acme/groups/team",
        answer: "no",
        effect: "unchanged",
        next: "Wait.",
      } as const;
      const error = new TursoError({ ...data, ...(status !== undefined && { status }) });
      const text = describeUnread(error, isConfigured);
      assert.equal(EXCHANGED.test(text), mayBeExchanged);
      assert.ok(text.startsWith(error.message));
      assert.match(text, / The state stays as it is\.$/);
    });
});
