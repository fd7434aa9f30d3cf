import assert from "node:assert/strict";
import type { LogEntry } from "../../emulator/src";
import { call, closeAll, hostOf, ORGANIZATION, probe, seeded } from "./support";

describe("emulator: log", () => {
  afterEach(closeAll);

  it("records each request in order, with its result", async () => {
    const finished: LogEntry[] = [];
    const emulator = await seeded({ now: () => 42, onRequest: (entry) => finished.push(entry) });
    await call(emulator, "POST", `${ORGANIZATION}/databases/app/auth/tokens?expiration=1d`);
    await call(emulator, "POST", `${ORGANIZATION}/databases/nope/auth/rotate`);
    await fetch(`${hostOf(emulator, "app")}/v2`);
    assert.deepEqual(
      emulator.log.map((entry) => {
        const shown = { ...entry };
        delete shown.authorization;
        return shown;
      }),
      [
        {
          at: 42,
          plane: "control",
          method: "POST",
          path: `${ORGANIZATION}/databases/app/auth/tokens?expiration=1d`,
          status: 200,
          changed: true,
        },
        {
          at: 42,
          plane: "control",
          method: "POST",
          path: `${ORGANIZATION}/databases/nope/auth/rotate`,
          status: 404,
          changed: false,
        },
        { at: 42, plane: "data", database: "app", method: "GET", path: "/v2", status: 200 },
      ],
    );
    assert.deepEqual(finished, emulator.log);
    emulator.clearLog();
    assert.deepEqual(emulator.log, []);
  });

  it("never contains a credential, wherever it was sent", async () => {
    const emulator = await seeded();
    const jwt = await emulator.platform.mintDatabaseToken("app");
    await probe(emulator, "app", jwt);
    for (const token of [emulator.apiToken, jwt]) {
      await call(emulator, "GET", `/v1/organizations?token=${token}`, { token });
      await call(emulator, "GET", "/v1/organizations", { token: null, headers: { authorization: token } });
    }
    const text = JSON.stringify(emulator.log);
    assert.equal(emulator.log.length, 5);
    for (const part of [emulator.apiToken, ...jwt.split(".")]) assert.ok(!text.includes(part));
    const [first, second] = emulator.log;
    assert.match(first?.authorization ?? "", /^Bearer \(\d+ chars, tag [0-9a-f]{8}\)$/);
    assert.notEqual(first?.authorization, second?.authorization);
    const again = await probe(emulator, "app", jwt);
    assert.equal(again, 200);
    assert.equal(emulator.log.at(-1)?.authorization, first?.authorization);
  });
});
