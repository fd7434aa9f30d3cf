import assert from "node:assert/strict";
import type { Emulator, ApiTokenPermission } from "../../emulator/src";
import { call, closeAll, ORGANIZATION, seeded } from "./support";

describe("emulator: permissions of API tokens", () => {
  let emulator: Emulator;
  beforeEach(async () => {
    emulator = await seeded();
  });
  afterEach(closeAll);

  const guarded: [ApiTokenPermission, string, string][] = [
    ["db:rotate-creds", "POST", "/databases/app/auth/rotate"],
    ["group:rotate-creds", "POST", "/groups/default/auth/rotate"],
    ["db:mint-token", "POST", "/databases/app/auth/tokens"],
    ["group:mint-token", "POST", "/groups/default/auth/tokens"],
    ["read", "GET", "/databases/app"],
  ];
  for (const [permission, ...own] of guarded) {
    it(`lets a token with ${permission} do that and nothing else`, async () => {
      const token = emulator.createApiToken({ permissions: [permission] });
      for (const [needed, method, path] of guarded) {
        const { status, text } = await call(emulator, method, ORGANIZATION + path, { token });
        assert.equal(status, path === own[1] ? 200 : 403, path);
        const error = `forbidden: the API token lacks the permission ${needed}`;
        if (status === 403) assert.equal(text, JSON.stringify({ error }));
      }
      const rotations = permission.endsWith("rotate-creds") ? 1 : 0;
      assert.equal(emulator.platform.rotations.length, rotations);
    });
  }

  it("creates and deletes for unrestricted tokens only, and validates any", async () => {
    const token = emulator.createApiToken({ permissions: guarded.map(([permission]) => permission) });
    assert.equal(
      (await call(emulator, "POST", `${ORGANIZATION}/groups`, { token, body: { name: "x" } })).status,
      403,
    );
    assert.equal((await call(emulator, "DELETE", `${ORGANIZATION}/databases/app`, { token })).status, 403);
    assert.equal((await call(emulator, "GET", "/v1/auth/validate", { token })).status, 200);
  });

  it("answers 401 to no token, an unknown one, a database token, a revoked and an expired one", async () => {
    const unknown = '{"error":"unauthorized: missing or unknown API token"}';
    const revoked = emulator.createApiToken();
    assert.equal((await call(emulator, "GET", "/v1/auth/validate", { token: revoked })).status, 200);
    assert.equal(emulator.revokeApiToken(revoked), true);
    for (const token of [null, "nope", revoked, await emulator.platform.mintDatabaseToken("app")]) {
      for (const path of ["/v1/auth/validate", `${ORGANIZATION}/databases`, "/nothing"]) {
        const { status, text } = await call(emulator, "GET", path, { token });
        assert.deepEqual([status, text], [401, unknown]);
      }
    }
    const token = emulator.createApiToken({ expiresAt: Date.now() - 1 });
    const { status, text } = await call(emulator, "GET", "/v1/auth/validate", { token });
    assert.deepEqual([status, text], [401, '{"error":"unauthorized: the API token has expired"}']);
  });
});
