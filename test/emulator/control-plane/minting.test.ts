import assert from "node:assert/strict";
import type { Emulator } from "../../../emulator/src";
import { call, closeAll, ORGANIZATION, seeded } from "../support";

const DATABASE = `${ORGANIZATION}/databases/app/auth/tokens`;
const GROUP = `${ORGANIZATION}/groups/default/auth/tokens`;

describe("emulator: minting", () => {
  let emulator: Emulator;
  beforeEach(async () => {
    emulator = await seeded();
  });
  afterEach(closeAll);

  const mint = async (path: string, permissions?: unknown): Promise<string> => {
    const body = permissions === undefined ? undefined : { fine_grained_permissions: permissions };
    const { status, text, json } = await call(emulator, "POST", path, { body });
    assert.equal(status, 200, text);
    return (json as { jwt: string }).jwt;
  };
  const claimsOf = (jwt: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;
  const inspect = (jwt: string) => emulator.platform.inspect(emulator.platform.database("app"), jwt);

  for (const path of [DATABASE, GROUP]) {
    it(`carries fine-grained permissions in the token: ${path}`, async () => {
      const asked = [
        { t: ["users", "orders"], a: ["data_read"] },
        { t: null, a: ["schema_add"] },
      ];
      const jwt = await mint(path, asked);
      assert.deepEqual(claimsOf(jwt)["perm"], asked);
      assert.deepEqual(await inspect(jwt), {
        state: "valid",
        readOnly: false,
        permissions: [
          { tables: ["users", "orders"], actions: ["data_read"] },
          { tables: null, actions: ["schema_add"] },
        ],
      });
      const plain = await mint(path);
      assert.equal("perm" in claimsOf(plain), false);
      assert.deepEqual(await inspect(plain), { state: "valid", readOnly: false });
    });
  }

  it("treats a permission without tables as one for all tables, and an empty list as no permission", async () => {
    const one = await inspect(await mint(DATABASE, [{ a: ["data_add"] }]));
    assert.deepEqual(one.permissions, [{ tables: null, actions: ["data_add"] }]);
    assert.deepEqual((await inspect(await mint(DATABASE, []))).permissions, []);
  });

  const mistakes: [unknown, string][] = [
    ["data_read", "must be a list"],
    [{ t: null, a: ["data_read"] }, "must be a list"],
    [["data_read"], 'each must be an object with "t" and "a"'],
    [[{ t: ["users"] }], '"a" must be a list of actions'],
    [[{ t: ["users"], a: [] }], '"a" must be a list of actions'],
    [[{ t: ["users"], a: ["data_drop"] }], 'unknown action "data_drop"'],
    [[{ t: "users", a: ["data_read"] }], '"t" must be null or a list of table names'],
    [[{ t: [], a: ["data_read"] }], '"t" must be null or a list of table names'],
    [[{ t: [7], a: ["data_read"] }], '"t" must be null or a list of table names'],
    [[{ tables: null, a: ["data_read"] }], 'unknown field "tables"'],
  ];
  for (const [permissions, reason] of mistakes) {
    it(`refuses the permissions ${JSON.stringify(permissions)}`, async () => {
      const body = { fine_grained_permissions: permissions };
      const { status, json } = await call(emulator, "POST", DATABASE, { body });
      assert.deepEqual([status, json], [400, { error: `invalid fine_grained_permissions: ${reason}` }]);
    });
  }

  for (const expiration of ["never", "none", "default"]) {
    it(`mints a token without an expiry for the expiration ${expiration}`, async () => {
      assert.equal("exp" in claimsOf(await mint(`${DATABASE}?expiration=${expiration}`)), false);
    });
  }

  it("is recorded in the audit log, without the token", async () => {
    const tokens = [await mint(DATABASE), await mint(GROUP)];
    const { text, json } = await call(emulator, "GET", `${ORGANIZATION}/audit-logs`);
    const { audit_logs: logs, pagination } = json as {
      audit_logs: { code: string; data: unknown }[];
      pagination: { page_size: number };
    };
    assert.deepEqual(
      logs.slice(0, 2).map(({ code, data }) => [code, data]),
      [
        ["group-token-create", { group: "default" }],
        ["db-token-create", { database: "app" }],
      ],
    );
    assert.equal(pagination.page_size, 100);
    for (const token of tokens) assert.ok(!text.includes(token));
  });
});
