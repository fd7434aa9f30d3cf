import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { TursoClient } from "../../src/turso/client";
import { PATIENCE, FakeTurso, hooks, tursoFailure } from "../support/fake-turso";
import { useServers } from "../support/server";

describe("the client", () => {
  const turso = FakeTurso.use();
  const client = (
    organization = "acme",
    apiToken: string | undefined = turso.emulator.apiToken,
  ): TursoClient =>
    new TursoClient(
      turso.settings({ apiToken }),
      organization,
      hooks({ onRetry: (message) => turso.messages.push(message) }),
      PATIENCE,
    );

  it("rotates a database and a group with one request each", async () => {
    await client().rotate({ kind: "database", name: "app" });
    await client().rotate({ kind: "group", name: "solo" });
    assert.deepEqual(turso.requests(), [
      "POST ~/databases/app/auth/rotate 200",
      "POST ~/groups/solo/auth/rotate 200",
    ]);
    assert.deepEqual(turso.rotations(), ["database app", "group solo"]);
  });

  it("looks up a database, a group and a group's databases", async () => {
    const app = await client().getDatabase("app");
    const { hostname, id } = turso.emulator.platform.database("app");
    assert.deepEqual(app, { Name: "app", Hostname: hostname, group: "default", DbId: id });
    await client().getGroup("bare");
    const names = async (group: string) => (await client().listDatabases(group)).map(({ Name }) => Name);
    assert.deepEqual(await names("default"), ["app", "reports"]);
    assert.deepEqual(await names("bare"), []);
    assert.deepEqual(turso.requests(), [
      "GET ~/databases/app 200",
      "GET ~/groups/bare 200",
      "GET ~/databases?group=default 200",
      "GET ~/databases?group=bare 200",
    ]);
  });

  it("without an API token sends nothing and names both places to set it", async () => {
    const tokenless = new TursoClient(turso.settings({ apiToken: undefined }), "acme", hooks());
    const NEXT =
      "there is no API token. Nothing was changed. Set it with `pulumi config set --secret turso:apiToken`, which prompts for it, or in the environment as TURSO_API_TOKEN.";
    const app = { kind: "database", name: "app" } as const;
    for (const [act, doing] of [
      [() => tokenless.rotate(app), "Rotating acme/databases/app"],
      [() => tokenless.getDatabase("app"), "Looking up acme/databases/app"],
      [() => tokenless.getGroup("default"), "Looking up acme/groups/default"],
      [() => tokenless.listDatabases("default"), "Listing the databases of acme/groups/default"],
    ] as const) {
      // a client may throw or reject: both are failures
      const error = await tursoFailure(Promise.resolve().then<unknown>(act));
      assert.equal(error.message, `${doing}: ${NEXT}`);
      assert.equal(error.effect, "unchanged");
    }
    assert.deepEqual(turso.requests(), []);
  });

  it("names the missing scope and where the API token was read from", async () => {
    const restricted = client("acme", turso.emulator.createApiToken({ permissions: [] }));
    for (const [act, doing, permission] of [
      [
        () => restricted.rotate({ kind: "database", name: "app" }),
        "Rotating acme/databases/app",
        "db:rotate-creds",
      ],
      [
        () => restricted.rotate({ kind: "group", name: "solo" }),
        "Rotating acme/groups/solo",
        "group:rotate-creds",
      ],
      [() => restricted.getDatabase("app"), "Looking up acme/databases/app", "read"],
      [() => restricted.getGroup("solo"), "Looking up acme/groups/solo", "read"],
      [() => restricted.listDatabases("solo"), "Listing the databases of acme/groups/solo", "read"],
    ] as const) {
      const { message, status, effect } = await tursoFailure(act());
      assert.equal(
        message,
        `${doing}: the API answered 403 (forbidden: the API token lacks the permission ${permission}). Nothing was changed. ` +
          `The API token, read from the environment's TURSO_API_TOKEN, lacks the scope ${permission}. Scopes cannot be added to a token: mint a new one that has it, and set it there.`,
      );
      assert.deepEqual([status, effect], [403, "unchanged"]);
    }
    assert.deepEqual(turso.rotations(), []);
  });

  it("reports that a failed lookup changed nothing, whatever came back", async () => {
    turso.onLookUp({ type: "status", status: 500 }, 3);
    const error = await tursoFailure(client().getGroup("default"));
    assert.equal(
      error.message,
      "Looking up acme/groups/default: the API answered 500 (fault: status 500). Nothing was changed. Try again. If it keeps failing, ask Turso's support.",
    );
    assert.equal(turso.requests().length, 3);
    assert.deepEqual(turso.messages, [
      "GET /v1/organizations/acme/groups/default: the API answered 500 (fault: status 500); try 2 of at most 3",
      "GET /v1/organizations/acme/groups/default: the API answered 500 (fault: status 500); try 3 of at most 3",
    ]);
  });

  it("retries a lookup after a dropped connection and half a response", async () => {
    turso.onLookUp({ type: "drop" });
    turso.emulator.fault({ method: "GET", path: /./, when: "after", action: { type: "truncate" } });
    await client().getGroup("default");
    assert.deepEqual(turso.requests(), [
      "GET ~/groups/default 0",
      "GET ~/groups/default 200",
      "GET ~/groups/default 200",
    ]);
  });
});

describe("the client rejects a response that is not Turso's", () => {
  const serve = useServers();
  const ask = async (answer: (response: ServerResponse) => void) => {
    const { url, requests } = await serve((_, response) => answer(response));
    const connection = { apiUrl: url, apiToken: "t", apiTokenOrigin: "a test" };
    return { client: new TursoClient(connection, "acme", hooks(), PATIENCE), url, requests };
  };

  for (const [body, database, group, list] of [
    ["", "JSON", "JSON", "JSON"],
    ["half a {", "JSON", "JSON", "JSON"],
    ["[]", "a database", "a group", "a list of databases"],
    ['"text"', "a database", "a group", "a list of databases"],
    ["{}", "a database", "a group", "a list of databases"],
    ['{"database":null,"group":null,"databases":null}', "a database", "a group", "a list of databases"],
    ['{"database":{"Name":"app"},"group":{},"databases":{}}', "a database", "a group", "a list of databases"],
    [
      '{"database":{"Name":"app","Hostname":7},"group":{"name":1},"databases":[{}]}',
      "a database",
      "a group",
      "a list of databases",
    ],
    [
      '{"__proto__":{"database":{"Name":"a","Hostname":"b"}}}',
      "a database",
      "a group",
      "a list of databases",
    ],
  ] as const)
    it(`such as ${JSON.stringify(body)}`, async () => {
      const { client, url } = await ask((response) => response.end(body));
      const next = `Nothing was changed. Check that ${url} is Turso's API and that nothing in between answers in its place, then try again.`;
      for (const [act, doing, expected] of [
        [() => client.getDatabase("app"), "Looking up acme/databases/app", database],
        [() => client.getGroup("team"), "Looking up acme/groups/team", group],
        [() => client.listDatabases("team"), "Listing the databases of acme/groups/team", list],
      ] as const) {
        const { message, isGone } = await tursoFailure(act());
        assert.equal(message, `${doing}: the API's answer was not ${expected}. ${next}`);
        assert.equal(isGone, false);
      }
    });

  it("but accepts a database that is in no group", async () => {
    const { client } = await ask((response) =>
      response.end('{"database":{"Name":"app","Hostname":"app.turso.io"}}'),
    );
    assert.deepEqual(await client.getDatabase("app"), { Name: "app", Hostname: "app.turso.io", group: "" });
  });

  it("but reads a list page by page, and no page twice", async () => {
    const pages = new Map([
      [null, { databases: ["a", "b"], next: "p 2" }],
      ["p 2", { databases: ["c"], next: "p3" }],
      ["p3", { databases: ["d"], next: "p3" }],
    ]);
    const { url, requests } = await serve((request, response) => {
      const page = pages.get(new URL(request.url ?? "", "http://x").searchParams.get("cursor"));
      const databases = page?.databases.map((Name) => ({
        Name,
        Hostname: `${Name}.turso.io`,
        group: "team",
      }));
      response.end(JSON.stringify({ databases, pagination: { next: page?.next } }));
    });
    const connection = { apiUrl: url, apiToken: "t", apiTokenOrigin: "a test" };
    const list = await new TursoClient(connection, "acme", hooks(), PATIENCE).listDatabases("team");
    assert.deepEqual(
      list.map(({ Name }) => Name),
      ["a", "b", "c", "d"],
    );
    assert.equal(requests.length, 3);
  });
});
