import assert from "node:assert/strict";
import type { Emulator } from "../../../emulator/src";
import { call, closeAll, ORGANIZATION, seeded } from "../support";

const ORG_LEVEL = "group-scoped token cannot access org-level resources";

describe("emulator: API tokens that belong to a group", () => {
  let emulator: Emulator;
  let token: string;
  beforeEach(async () => {
    emulator = await seeded();
    token = emulator.createApiToken({ group: "default" });
  });
  afterEach(closeAll);

  const orgLevel: [string, string, unknown?][] = [
    ["GET", `${ORGANIZATION}/databases`],
    ["GET", `${ORGANIZATION}/databases?limit=10`],
    ["GET", `${ORGANIZATION}/groups`],
    ["POST", `${ORGANIZATION}/groups`, { name: "new", location: "local" }],
    ["GET", `${ORGANIZATION}/audit-logs`],
    ["GET", `${ORGANIZATION}/api-tokens`],
    ["GET", "/v1/auth/api-tokens"],
    ["POST", "/v2/auth/api-tokens/mine"],
    ["GET", "/v1/organizations"],
    ["GET", ORGANIZATION],
  ];
  for (const [method, path, body] of orgLevel) {
    it(`cannot ${method} ${path}`, async () => {
      const { status, json } = await call(emulator, method, path, { token, body });
      assert.deepEqual([status, json], [403, { error: ORG_LEVEL }]);
    });
  }

  const ownGroup: [string, string, unknown?][] = [
    ["GET", "/databases?group=default"],
    ["GET", "/databases/app"],
    ["GET", "/groups/default"],
    ["POST", "/databases", { name: "new", group: "default" }],
    ["PATCH", "/groups/default/configuration", {}],
    ["POST", "/databases/app/auth/rotate"],
    ["POST", "/groups/default/auth/tokens"],
  ];
  for (const [method, path, body] of ownGroup) {
    const other = path.replace("default", "other").replace("app", "shop");
    it(`can ${method} ${path}, and not ${other} of another group`, async () => {
      assert.equal((await call(emulator, method, ORGANIZATION + path, { token, body })).status, 200);
      const elsewhere = body && JSON.stringify(body).replace("default", "other").replace("new", "newer");
      const refused = await call(emulator, method, ORGANIZATION + other, { token, body: elsewhere });
      const error = "forbidden: the API token belongs to the group default";
      assert.deepEqual([refused.status, refused.json], [403, { error }]);
    });
  }

  it("see 404 for a database that does not exist, and may always be validated", async () => {
    assert.equal((await call(emulator, "GET", `${ORGANIZATION}/databases/nope`, { token })).status, 404);
    assert.equal((await call(emulator, "GET", "/v1/auth/validate", { token })).status, 200);
    assert.equal((await call(emulator, "GET", "/v1/locations", { token })).status, 200);
  });

  it("are revoked with their group, also when a group of the same name follows", async () => {
    emulator.platform.deleteGroup("default");
    const status = async () => (await call(emulator, "GET", "/v1/auth/validate", { token })).status;
    assert.equal(await status(), 401);
    emulator.platform.createGroup("default");
    assert.equal(await status(), 401);
  });
});

describe("emulator: endpoints of API tokens", () => {
  let emulator: Emulator;
  beforeEach(async () => {
    emulator = await seeded({ now: () => Date.parse("2026-05-21T10:00:00Z") });
  });
  afterEach(closeAll);

  const names = async (): Promise<string[]> => {
    const { json } = await call(emulator, "GET", "/v1/auth/api-tokens");
    return (json as { tokens: { name: string }[] }).tokens.map(({ name }) => name);
  };

  it("mint a token that works, list it without its value, and revoke it by its name", async () => {
    const minted = await call(emulator, "POST", "/v2/auth/api-tokens/ci");
    const { token } = minted.json as { token: { id: string; value: string } };
    assert.equal((await call(emulator, "GET", "/v1/organizations", { token: token.value })).status, 200);
    const listing = await call(emulator, "GET", "/v1/auth/api-tokens");
    assert.deepEqual((listing.json as { tokens: unknown[] }).tokens.at(-1), {
      name: "ci",
      id: token.id,
      organization: "acme",
      owner: { username: "acme", email: "" },
      created_at: "2026-05-21",
    });
    assert.ok(!listing.text.includes(token.value));
    const revoked = await call(emulator, "DELETE", "/v1/auth/api-tokens/ci");
    assert.deepEqual([revoked.status, revoked.json], [200, { token: "ci" }]);
    assert.equal((await call(emulator, "GET", "/v1/organizations", { token: token.value })).status, 401);
    assert.equal(emulator.platform.audit.page(1, 1).audit_logs[0]?.code, "user-token-create");
  });

  it("revoke by the id from the organization's list", async () => {
    await call(emulator, "POST", "/v1/auth/api-tokens/ci");
    const { json } = await call(emulator, "GET", `${ORGANIZATION}/api-tokens`);
    const id = (json as { tokens: { id: string }[] }).tokens.at(-1)?.id;
    const revoked = await call(emulator, "DELETE", `${ORGANIZATION}/api-tokens/${id}`);
    assert.deepEqual([revoked.status, revoked.json], [200, { token: id }]);
    assert.ok(!(await names()).includes("ci"));
  });

  it("mint group-scoped tokens with scopes, whose presets they expand", async () => {
    const body = { organization: "acme", group: "default", scopes: ["read-only", "db:mint-token"] };
    const { json } = await call(emulator, "POST", "/v1/auth/api-tokens/ci", { body });
    const { token, group, scopes } = json as { token: string; group: string; scopes: string[] };
    assert.deepEqual([group, scopes], ["default", ["read", "db:mint-token"]]);
    const status = async (path: string) =>
      (await call(emulator, "POST", ORGANIZATION + path, { token })).status;
    assert.equal(await status("/databases/app/auth/tokens"), 200);
    assert.equal(await status("/databases/app/auth/rotate"), 403);
    assert.equal(await status("/databases/shop/auth/tokens"), 403);
  });

  const mistakes: [string, unknown, number, string][] = [
    [
      "unknown scope",
      { organization: "acme", group: "default", scopes: ["db:x"] },
      400,
      "invalid scope: db:x",
    ],
    ["no scopes", { organization: "acme", group: "default" }, 400, "a group-scoped token requires scopes"],
    ["scopes without a group", { organization: "acme", scopes: ["read"] }, 400, "scopes require a group"],
    ["a group alone", { group: "default", scopes: ["read"] }, 400, "group requires an organization"],
    ["an unknown group", { organization: "acme", group: "x", scopes: ["read"] }, 404, "group not found"],
    ["an unknown organization", { organization: "26543" }, 404, "organization 26543 not found"],
    [
      "scopes that are no list",
      { organization: "acme", scopes: "read" },
      400,
      "scopes must be a list of strings",
    ],
  ];
  for (const [what, body, status, error] of mistakes) {
    it(`refuse to mint with ${what}`, async () => {
      const before = await names();
      const answer = await call(emulator, "POST", "/v2/auth/api-tokens/ci", { body });
      assert.deepEqual([answer.status, answer.json], [status, { error }]);
      assert.deepEqual(await names(), before);
    });
  }

  it("refuse a name that is taken, and to revoke a token that does not exist", async () => {
    await call(emulator, "POST", "/v2/auth/api-tokens/ci");
    assert.equal((await call(emulator, "POST", "/v2/auth/api-tokens/ci")).status, 409);
    assert.equal((await call(emulator, "DELETE", "/v1/auth/api-tokens/nope")).status, 404);
    assert.equal((await call(emulator, "DELETE", `${ORGANIZATION}/api-tokens/nope`)).status, 404);
  });
});
