import assert from "node:assert/strict";
import type { Emulator } from "../../emulator/src";
import { startEmulator } from "../../emulator/src";

describe("a request without a connection", () => {
  let emulator: Emulator;
  beforeEach(async () => {
    emulator = await startEmulator({ groups: [{ name: "default", databases: [{ name: "app" }] }] });
  });
  afterEach(() => emulator.close());

  const authorized = (token: string) => ({ authorization: `Bearer ${token}` });
  const read = (hostname: string, token: string) =>
    emulator.answer({
      method: "POST",
      url: `http://${hostname}/v2/pipeline`,
      headers: { ...authorized(token), "content-type": "application/json" },
      body: JSON.stringify({ requests: [{ type: "execute", stmt: { sql: "select 1" } }] }),
    });

  it("is answered by the Platform API, and is in the log", async () => {
    const url = `${emulator.url}/v1/organizations/acme/databases/app/auth/rotate?a=b`;
    const { status, body } = await emulator.answer({
      method: "POST",
      url,
      headers: authorized(emulator.apiToken),
    });
    assert.deepEqual([status, body], [200, ""]);
    assert.deepEqual(
      emulator.log.map(({ plane, method, path, status: sent }) => `${plane} ${method} ${path} ${sent}`),
      ["control POST /v1/organizations/acme/databases/app/auth/rotate?a=b 200"],
    );
  });

  it("is answered by the database whose port is in its URL", async () => {
    const { platform } = emulator;
    await platform.createDatabase("other", "default");
    const [app, other] = [platform.database("app"), platform.database("other")];
    const token = await platform.mintDatabaseToken("app");
    assert.equal((await read(app.hostname, token)).status, 200);
    assert.equal((await read(other.hostname, token)).status, 401);
    platform.rotateDatabase("app");
    const rejected = await read(app.hostname, token);
    assert.deepEqual(
      [rejected.status, rejected.headers["content-type"], rejected.body],
      [401, "application/json", '{"error":"Unauthorized: `The JWT is invalid`"}'],
    );
  });

  it("meets the faults that replace an answer", async () => {
    emulator.fault({ path: /pipeline/, when: "before", action: { type: "status", status: 503 } });
    const { hostname } = emulator.platform.database("app");
    assert.equal((await read(hostname, "")).status, 503);
  });
});
