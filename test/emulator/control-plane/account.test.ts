import assert from "node:assert/strict";
import type { Emulator } from "../../../emulator/src";
import { call, closeAll, ORGANIZATION, seeded } from "../support";

describe("emulator: organizations, users and the audit log", () => {
  let emulator: Emulator;
  beforeEach(async () => {
    emulator = await seeded();
  });
  afterEach(closeAll);

  it("validates API tokens and reports when they expire", async () => {
    assert.equal((await call(emulator, "GET", "/v1/auth/validate")).text, '{"exp":-1}');
    const token = emulator.createApiToken({ expiresAt: 4_102_444_800_000 });
    assert.equal((await call(emulator, "GET", "/v1/auth/validate", { token })).text, '{"exp":4102444800}');
  });

  it("mints API tokens that any command takes as an argument", () => {
    for (let i = 0; i < 300; i++) assert.match(emulator.createApiToken(), /^[a-z]/);
  });

  it("pages the audit log, which does not record rotations", async () => {
    await call(emulator, "POST", `${ORGANIZATION}/groups/default/auth/rotate`);
    const { json } = await call(emulator, "GET", `${ORGANIZATION}/audit-logs?page=2&page_size=2`);
    const { audit_logs: logs, pagination } = json as {
      audit_logs: { code: string; data: unknown }[];
      pagination: unknown;
    };
    assert.deepEqual(pagination, { page: 2, page_size: 2, total_pages: 3, total_rows: 5 });
    assert.deepEqual(
      logs.map(({ code, data }) => [code, data]),
      [
        ["db-create", { database: "app", group: "default" }],
        ["group-create", { group: "other" }],
      ],
    );
  });

  it("lists the organization as an array in v1 and in an object in v2", async () => {
    const v1 = (await call(emulator, "GET", "/v1/organizations")).json as { slug: string }[];
    assert.deepEqual(
      v1.map(({ slug }) => slug),
      ["acme"],
    );
    assert.equal((v1[0] as { type?: string }).type, "team");
    assert.deepEqual((await call(emulator, "GET", "/v2/organizations")).json, { organizations: v1 });
    assert.deepEqual((await call(emulator, "GET", ORGANIZATION)).json, { organization: v1[0] });
    const { json } = await call(emulator, "GET", "/v1/current-user");
    assert.equal((json as { user: { username: string } }).user.username, "acme");
  });

  it("serves a single organization", async () => {
    for (const path of ["/groups", "/databases", "/databases/app/auth/tokens"]) {
      const method = path.endsWith("tokens") ? "POST" : "GET";
      const { status, text } = await call(emulator, method, `/v1/organizations/nope${path}`);
      assert.deepEqual([status, text], [404, '{"error":"organization nope not found"}']);
    }
  });
});
