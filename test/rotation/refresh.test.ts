import assert from "node:assert/strict";
import type { FaultAction } from "../../emulator/src";
import { closedPort } from "../support/server";
import { PATIENCE, FakeTurso, unfinishedRun, inputs, state, ORIGIN } from "../support/fake-turso";

describe("a refresh", () => {
  const turso = FakeTurso.use();
  const GROUP = { group: "default" };
  const idOf = (scope: object): string => `acme/${Object.entries(scope)[0]?.join("s/") ?? ""}`;

  for (const [scope, request] of [
    [{ database: "app" }, "GET ~/databases/app 200"],
    [GROUP, "GET ~/groups/default 200"],
  ] as const)
    it(`of ${JSON.stringify(scope)}, which exists, changes nothing and sends one request`, async () => {
      const olds = state({ scope, rotations: {} });
      assert.deepEqual(await turso.logic().read(idOf(olds.scope), olds), { gone: false, state: olds });
      assert.deepEqual(turso.requests(), [request]);
      assert.deepEqual(turso.messages, []);
    });

  for (const [scope, message] of [
    [
      { database: "typo" },
      "acme/databases/typo no longer exists (the API answered 404 (could not find database with name typo: record not found)), so it leaves the state.",
    ],
    [
      { group: "typo" },
      "acme/groups/typo no longer exists (the API answered 404 (group not found)), so it leaves the state.",
    ],
  ] as const)
    it(`of ${JSON.stringify(scope)}, which does not exist according to the API, removes it from the state`, async () => {
      assert.deepEqual(await turso.logic().read(idOf(scope), state({ scope, rotations: {} })), {
        gone: true,
      });
      assert.deepEqual(turso.warnings, [message]);
    });

  describe("keeps the state and warns why", () => {
    const json = (status: number, error: string): FaultAction => ({
      type: "status",
      status,
      body: JSON.stringify({ error }),
    });
    const page = (status: number, title: string): FaultAction => ({
      type: "status",
      status,
      body: `<!doctype html><title>${title}</title>`,
    });
    const WHERE = 'Check the organization "acme" and the API\'s URL {url}.';
    const rows: [
      what: string,
      scope: typeof GROUP | { database: string },
      action: FaultAction,
      message: string,
    ][] = [
      [
        "401",
        GROUP,
        json(401, "expired"),
        `the API answered 401 (expired). Nothing was changed. The API token, read from ${ORIGIN}, is wrong or has expired. Mint a new one (turso auth api-tokens mint NAME --org acme) and set it there.`,
      ],
      [
        "403",
        GROUP,
        json(403, "no"),
        `the API answered 403 (no). Nothing was changed. The API token, read from ${ORIGIN}, lacks the scope read. Scopes cannot be added to a token: mint a new one that has it, and set it there.`,
      ],
      [
        "404 of the organization",
        GROUP,
        json(404, "organization not found"),
        `the API answered 404 (organization not found). Nothing was changed. ${WHERE}`,
      ],
      [
        "404 of an organization named group",
        GROUP,
        json(404, "organization group not found"),
        `the API answered 404 (organization group not found). Nothing was changed. ${WHERE}`,
      ],
      [
        "404 of an organization named database",
        { database: "app" },
        json(404, "organization database not found"),
        `the API answered 404 (organization database not found). Nothing was changed. ${WHERE}`,
      ],
      [
        "404 of a path",
        GROUP,
        json(404, "not found"),
        `the API answered 404 (not found). Nothing was changed. ${WHERE}`,
      ],
      [
        "404 without a body",
        GROUP,
        { type: "status", status: 404, body: "" },
        `the API answered 404. Nothing was changed. ${WHERE}`,
      ],
      [
        "404 of a target of the other kind",
        GROUP,
        json(404, "could not find database with name default: record not found"),
        `the API answered 404 (could not find database with name default: record not found). Nothing was changed. ${WHERE}`,
      ],
      [
        "404 as a proxy's web page, whatever its title says",
        GROUP,
        page(404, "Group not found"),
        `the API answered 404 (a web page: Group not found). Nothing was changed. ${WHERE}`,
      ],
      [
        "404 as a proxy's web page, for a database",
        { database: "app" },
        page(404, "Database was not found"),
        `the API answered 404 (a web page: Database was not found). Nothing was changed. ${WHERE}`,
      ],
      [
        "404 as a text that is not the API's JSON",
        GROUP,
        { type: "status", status: 404, body: "backend group edge-7 not found" },
        `the API answered 404 (backend group edge-7 not found). Nothing was changed. ${WHERE}`,
      ],
      [
        "410",
        GROUP,
        json(410, "group not found"),
        "the API answered 410 (group not found). Nothing was changed. The API rejects the request as it is. Correct what it names, or ask Turso's support.",
      ],
      [
        "500 each time",
        GROUP,
        json(500, "group not found"),
        "the API answered 500 (group not found). Nothing was changed. Try again. If it keeps failing, ask Turso's support.",
      ],
      [
        "a dropped connection each time",
        GROUP,
        { type: "drop" },
        "the API could not be reached (socket hang up). Nothing was changed. Check the network and the API's URL {url}, then try again.",
      ],
      [
        "a hanging server",
        GROUP,
        { type: "hang" },
        "the API did not answer within 0.15 s. Nothing was changed. Check the network and the API's URL {url}, then try again.",
      ],
      [
        "a web page instead of a response",
        GROUP,
        page(200, "Sign in"),
        "answered 200 with a web page, so something other than the API answered. Nothing was changed. Try again. If it keeps failing, ask Turso's support.",
      ],
      [
        "a response without a group",
        GROUP,
        { type: "status", status: 200, body: "{}" },
        "the API's answer was not a group. Nothing was changed. Check that {url} is Turso's API and that nothing in between answers in its place, then try again.",
      ],
    ];
    for (const [what, scope, action, message] of rows)
      it(`after ${what}`, async () => {
        turso.onLookUp(action, 9);
        const olds = state({ scope, rotations: {} });
        const before = structuredClone(olds);
        const retryPolicy = action.type === "hang" ? { ...PATIENCE, timeoutMs: 150, retries: 1 } : PATIENCE;
        assert.deepEqual(await turso.logic({}, { retryPolicy }).read(idOf(olds.scope), olds), {
          gone: false,
          state: before,
        });
        assert.equal(
          turso.warnings.at(-1),
          `Looking up ${idOf(scope)}: ${message.replace("{url}", turso.url)} The state stays as it is.`,
        );
      });

    it("after a refused connection", async () => {
      const apiUrl = `http://127.0.0.1:${await closedPort()}`;
      const olds = state();
      assert.deepEqual(await turso.logic({ apiUrl }).read(idOf(olds.scope), olds), {
        gone: false,
        state: olds,
      });
      assert.equal(
        turso.warnings.at(-1),
        `Looking up acme/databases/app: the API could not be reached (connect ECONNREFUSED ${apiUrl.slice(7)}). Nothing was changed. Check the network and the API's URL ${apiUrl}, then try again. The state stays as it is.`,
      );
    });

    it("without an API token", async () => {
      const olds = state();
      assert.deepEqual(await turso.logic({ apiToken: undefined }).read(idOf(olds.scope), olds), {
        gone: false,
        state: olds,
      });
      assert.equal(turso.warnings.length, 1);
      assert.deepEqual(turso.requests(), []);
    });
  });

  it("keeps a pending rotation and rotates nothing", async () => {
    turso.onRotate("after", { type: "drop" });
    const { state: olds } = await unfinishedRun(turso.logic().create(inputs()));
    turso.emulator.clearLog();
    assert.deepEqual(await turso.logic().read(idOf(olds.scope), olds), { gone: false, state: olds });
    assert.deepEqual(turso.rotateRequests(), []);
  });
});
