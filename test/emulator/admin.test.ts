import assert from "node:assert/strict";
import type { Emulator } from "../../emulator/src";
import { call, closeAll, emulate, ORGANIZATION, probe } from "./support";

const ROTATE = `${ORGANIZATION}/groups/default/auth/rotate`;

describe("emulator: the control endpoint", () => {
  let emulator: Emulator;
  beforeEach(async () => {
    emulator = await emulate({
      groups: [
        { name: "default", databases: [{ name: "app" }, { name: "reports" }] },
        { name: "old", serverGeneration: "legacy-group", databases: [{ name: "one" }, { name: "two" }] },
      ],
      faults: [{ path: ROTATE, when: "before", action: { type: "status", status: 503 } }],
    });
  });
  afterEach(closeAll);

  const ask = async (method: string, path: string, body?: unknown) => {
    const { status, json } = await call(emulator, method, `/_emulator${path}`, {
      token: null,
      ...(body !== undefined && { body }),
    });
    return { status, json };
  };

  it("reports which databases a rotation reached, and how often", async () => {
    emulator.platform.rotateDatabase("app");
    emulator.platform.rotateDatabase("one");
    emulator.platform.rotateGroup("default");
    const { json } = await ask("GET", "/rotations");
    const report = json as ReturnType<Emulator["rotationReport"]>;
    assert.deepEqual(report, emulator.rotationReport());
    assert.deepEqual(
      report.rotations.map(({ kind, name, databases }) => [kind, name, databases]),
      [
        ["database", "app", ["app"]],
        ["database", "one", ["one", "two"]],
        ["group", "default", ["app", "reports"]],
      ],
    );
    assert.deepEqual(
      report.databases.map(({ name, rotations, invalidations }) => [name, rotations, invalidations]),
      [
        ["app", 1, 2],
        ["reports", 0, 1],
        ["one", 1, 1],
        ["two", 0, 1],
      ],
    );
    assert.deepEqual(
      report.groups.map(({ name, rotations }) => [name, rotations]),
      [
        ["default", 1],
        ["old", 0],
      ],
    );
    assert.equal(report.groups[0]?.lastRotatedAt, report.rotations[2]?.at);
  });

  it("describes the organization, and is neither logged nor refused", async () => {
    const { status, json } = await ask("GET", "/state");
    const { groups, faults, requests } = json as { groups: unknown[]; faults: unknown[]; requests: number };
    assert.deepEqual([status, groups.length, requests], [200, 2, 0]);
    assert.deepEqual(faults, [
      { path: ROTATE, when: "before", action: { type: "status", status: 503 }, times: 1, skip: 0 },
    ]);
    assert.equal((await call(emulator, "GET", "/nope")).status, 404);
    assert.equal((await call(emulator, "GET", "/nope", { token: null })).status, 401);
    assert.equal((await ask("GET", "/nope")).status, 404);
    const { requests: log } = (await ask("GET", "/requests")).json as { requests: { path: string }[] };
    assert.deepEqual(
      log.map(({ path }) => path),
      ["/nope", "/nope"],
    );
  });

  it("sets faults, removes them, and rejects a wrong one with one sentence", async () => {
    await ask("DELETE", "/faults");
    assert.equal((await call(emulator, "POST", ROTATE)).status, 200);
    const fault = { pattern: "auth/rotate$", when: "before", action: { type: "status", status: 500 } };
    assert.equal((await ask("POST", "/faults", { ...fault, times: "always" })).status, 201);
    for (let n = 0; n < 2; n++) assert.equal((await call(emulator, "POST", ROTATE)).status, 500);
    for (const [wrong, error] of [
      [{ ...fault, whenever: 1 }, 'fault: unknown key "whenever".'],
      [{ ...fault, path: "/x" }, 'fault: expected either "path" or "pattern".'],
      [{ ...fault, pattern: "(" }, "fault: pattern: not a regular expression."],
      [{ ...fault, when: "now" }, 'fault: when: expected one of "before"|"after".'],
    ] as const)
      assert.deepEqual(await ask("POST", "/faults", [fault, wrong]), { status: 400, json: { error } });
    const { json } = await ask("GET", "/faults");
    assert.deepEqual(json, {
      // as the engine writes it
      faults: [{ ...fault, pattern: "auth\\/rotate$", times: "always", skip: 0 }],
    });
  });

  it("resets to the start: new keys, empty databases, and the same API token, groups and faults", async () => {
    const token = await emulator.platform.mintDatabaseToken("app");
    const extra = emulator.createApiToken();
    await ask("DELETE", "/faults");
    emulator.platform.createGroup("more");
    emulator.platform.rotateGroup("old");
    const resets = await Promise.all([ask("POST", "/reset"), ask("POST", "/reset")]);
    assert.deepEqual(
      resets.map(({ status }) => status),
      [200, 200],
    );
    assert.equal(await probe(emulator, "app", token), 401);
    assert.equal((await call(emulator, "GET", "/v1/organizations", { token: extra })).status, 401);
    assert.deepEqual(emulator.rotationReport().rotations, []);
    assert.deepEqual(
      emulator.platform.groups().map(({ name }) => name),
      ["default", "old"],
    );
    assert.equal((await call(emulator, "POST", ROTATE)).status, 503);
  });
});
