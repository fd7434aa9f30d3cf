import assert from "node:assert/strict";
import { request } from "node:http";
import type { Emulator } from "../../../emulator/src";
import { call, closeAll, CLOSE, execute, hostOf, ORGANIZATION, seeded } from "../support";

const DATABASE = `${ORGANIZATION}/databases/app`;
const GROUP = `${ORGANIZATION}/groups/default`;

describe("emulator: configuration, instances and usage", () => {
  let emulator: Emulator;
  beforeEach(async () => {
    emulator = await seeded();
  });
  afterEach(closeAll);

  /** The answer to `select 1` for a client at one of the addresses of the loopback interface. */
  const connectFrom = async (localAddress: string): Promise<[number, string]> => {
    const token = await emulator.platform.mintGroupToken("default");
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      const url = `${hostOf(emulator, "app")}/v2/pipeline`;
      const outgoing = request(url, { method: "POST", headers, localAddress }, (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () => resolve([response.statusCode ?? 0, text]));
      });
      outgoing.on("error", reject);
      outgoing.end(JSON.stringify({ requests: [execute("select 1"), CLOSE] }));
    });
  };
  const blocked = [403, '{"error":"access to it is blocked"}'];

  for (const path of [DATABASE, GROUP]) {
    it(`admits only the allowed addresses to the data plane: ${path}`, async () => {
      const configure = (allowed_ips: string[]) =>
        call(emulator, "PATCH", `${path}/configuration`, { body: { allowed_ips } });
      const changed = await configure(["10.0.0.0/8", "2001:db8::/32", "203.0.113.7"]);
      const { allowed_ips } = changed.json as { allowed_ips: string[] };
      assert.deepEqual(allowed_ips, ["10.0.0.0/8", "2001:db8::/32", "203.0.113.7"]);
      assert.deepEqual(await connectFrom("127.0.0.1"), blocked);
      await configure(["127.0.0.1"]);
      assert.equal((await connectFrom("127.0.0.1"))[0], 200);
      await call(emulator, "PATCH", `${path}/configuration`, { body: { delete_protection: false } });
      const kept = await call(emulator, "GET", `${path}/configuration`);
      assert.deepEqual((kept.json as { allowed_ips: string[] }).allowed_ips, ["127.0.0.1"]);
      await configure([]);
      assert.equal((await connectFrom("127.0.0.1"))[0], 200);
    });
  }

  it("matches addresses, blocks and both families", () => {
    const { platform } = emulator;
    const cases: [string[], string, boolean][] = [
      [["127.0.0.0/30"], "127.0.0.3", true],
      [["127.0.0.0/30"], "127.0.0.4", false],
      [["127.0.0.1"], "::ffff:127.0.0.1", true],
      [["127.0.0.1"], "::1", false],
      [["::1"], "::1", true],
      [["2001:db8::/32"], "2001:db8:1::9", true],
      [["0.0.0.0/0"], "192.0.2.1", true],
    ];
    for (const [allowedIps, ip, expected] of cases) {
      const database = platform.configureDatabase("app", { allowedIps });
      assert.equal(platform.admits(database, ip), expected, `${allowedIps.join()} ${ip}`);
    }
    platform.configureDatabase("app", { allowedIps: ["127.0.0.0/8"] });
    platform.configureGroup("default", { allowedIps: ["127.0.0.1"] });
    const database = platform.database("app");
    assert.deepEqual(
      ["127.0.0.1", "127.0.0.2"].map((ip) => platform.admits(database, ip)),
      [true, false],
    );
  });

  for (const bad of ["localhost", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0", "::1/129", "10.0.0.0/"]) {
    it(`refuses ${bad} as an address and changes nothing`, async () => {
      const body = { allowed_ips: ["127.0.0.1", bad], delete_protection: true };
      for (const path of [DATABASE, GROUP]) {
        const { status, json } = await call(emulator, "PATCH", `${path}/configuration`, { body });
        assert.deepEqual([status, json], [400, { error: `invalid IP address or CIDR block: ${bad}` }]);
        const { json: kept } = await call(emulator, "GET", `${path}/configuration`);
        assert.equal((kept as { delete_protection: boolean }).delete_protection, false);
      }
    });
  }

  it("protects a group, and reports its whole configuration", async () => {
    const body = { delete_protection: true, allowed_aws_vpc_ids: ["vpce-1"] };
    const expected = { ...body, allowed_ips: [] };
    assert.deepEqual((await call(emulator, "PATCH", `${GROUP}/configuration`, { body })).json, expected);
    assert.deepEqual((await call(emulator, "GET", `${GROUP}/configuration`)).json, expected);
    assert.equal((await call(emulator, "DELETE", GROUP)).status, 400);
    const unknown = `${ORGANIZATION}/groups/nope/configuration`;
    assert.equal((await call(emulator, "GET", unknown)).status, 404);
    assert.equal((await call(emulator, "PATCH", unknown, { body })).status, 404);
  });

  it("lists the one instance of a database", async () => {
    const { id, hostname } = emulator.platform.database("app");
    const instance = { uuid: id, name: "local", type: "primary", region: "local", hostname };
    assert.deepEqual((await call(emulator, "GET", `${DATABASE}/instances`)).json, { instances: [instance] });
    assert.deepEqual((await call(emulator, "GET", `${DATABASE}/instances/local`)).json, { instance });
    assert.equal((await call(emulator, "GET", `${DATABASE}/instances/lhr`)).status, 404);
    assert.equal((await call(emulator, "GET", `${ORGANIZATION}/databases/nope/instances`)).status, 404);
  });

  it("reports a usage of 0, and rejects an invalid time", async () => {
    const { id } = emulator.platform.database("app");
    const usage = { rows_read: 0, rows_written: 0, storage_bytes: 0, bytes_synced: 0 };
    const ask = (query: string) => call(emulator, "GET", `${DATABASE}/usage${query}`);
    const expected = { database: { uuid: id, instances: [{ uuid: id, usage }], total: usage } };
    assert.deepEqual((await ask("")).json, expected);
    assert.deepEqual((await ask("?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00%2B01:00")).json, expected);
    const { status, json } = await ask("?from=2026-01-01T00:00:00");
    const error = 'invalid from parameter: parsing time "2026-01-01T00:00:00" as "2006-01-02T15:04:05Z07:00"';
    assert.deepEqual([status, json], [400, { error }]);
  });

  it("limits the requests in any one second, and says when to try again", async () => {
    let time = 1_000_000_000_000;
    const limited = await seeded({ requestsPerSecond: 2, now: () => time });
    const ask = () => call(limited, "POST", `${ORGANIZATION}/groups/default/auth/rotate`);
    const statuses = async () => [(await ask()).status, (await ask()).status, (await ask()).status];
    assert.deepEqual(await statuses(), [200, 200, 429]);
    const refused = await ask();
    assert.deepEqual(
      [refused.headers.get("retry-after"), refused.json],
      ["1", { error: "rate limit exceeded" }],
    );
    assert.equal(limited.platform.rotations.length, 2);
    time += 999;
    assert.equal((await ask()).status, 429);
    time += 1;
    assert.deepEqual(await statuses(), [200, 200, 429]);
  });
});
