import assert from "node:assert/strict";
import { tokenResource } from "../../src/hosts/shared/resource";
import { Context } from "../../src/core/context";
import { rotationResource } from "../../src/hosts/shared/resource";
import { NOW, PATIENCE, FakeTurso } from "../support/fake-turso";

describe("within one run, what exists", () => {
  const turso = FakeTurso.use();
  const run = () =>
    new Context({
      settings: turso.settings(),
      clock: () => new Date(NOW),
      notify: (_level, text) => turso.told.push(text),
      retryPolicy: PATIENCE,
    });
  const scope = { database: "app" };
  const looks = () => turso.requests().filter((request) => request.startsWith("GET "));
  const LOOKS_AT_APP = ["GET ~/databases/app 200", "GET ~/databases?group=default 200"];

  it("is asked once, for what a preview tells and for what guards the request", async () => {
    const logic = rotationResource(run());
    const news = { scope, organization: "acme", trigger: 1 };
    await logic.check({}, news);
    await logic.create(news);
    assert.deepEqual(looks(), LOOKS_AT_APP);
    assert.deepEqual(turso.rotations(), ["database app"]);
  });

  it("is asked once for several resources", async () => {
    const context = run();
    await rotationResource(context).create({ scope, organization: "acme", trigger: 1 });
    await tokenResource(context).create({ scope, organization: "acme" });
    assert.deepEqual(looks(), LOOKS_AT_APP);
  });

  it("is asked again after a failure", async () => {
    const logic = rotationResource(run());
    const news = { scope, organization: "acme", trigger: 1 };
    turso.onLookUp({ type: "status", status: 418, body: "{}" });
    await logic.check({}, news);
    await logic.create(news);
    assert.deepEqual(looks(), ["GET ~/databases/app 418", ...LOOKS_AT_APP]);
  });

  it("is asked again where a group had no database, since the program may be filling it", async () => {
    const context = run();
    const bare = { scope: { group: "bare" }, organization: "acme" };
    const logic = rotationResource(context);
    await logic.check({}, { ...bare, trigger: 1 });
    await turso.emulator.platform.createDatabase("first", "bare");
    const { endpoint } = (await tokenResource(context).create(bare)).state;
    turso.emulator.platform.deleteDatabase("first");
    assert.ok(endpoint);
  });
});

describe("a token that is minted anew", () => {
  const turso = FakeTurso.use();
  const logic = () =>
    tokenResource(
      new Context({
        settings: turso.settings(),
        clock: () => new Date(NOW),
        notify: (_level, text) => turso.told.push(text),
        retryPolicy: PATIENCE,
      }),
    );
  const inputs = { scope: { database: "app" }, organization: "acme", trigger: 1 };

  it("is tried where the one before it was, without a look", async () => {
    const { state } = await logic().create(inputs);
    turso.emulator.clearLog();
    const again = await logic().update(state, { ...inputs, trigger: 2 });
    assert.deepEqual(turso.requests(), [
      "POST ~/databases/app/auth/tokens?expiration=never&authorization=full-access 200",
    ]);
    assert.deepEqual(again.endpoint, state.endpoint);
    assert.match(turso.told.join("\n"), /minted, and accepted after/);
  });

  it("is tried where the database is now, if that is elsewhere", async () => {
    const { state } = await logic().create(inputs);
    assert.ok(state.endpoint);
    const gone = { ...state, endpoint: { ...state.endpoint, hostname: "127.0.0.1:1" } };
    turso.told.length = 0;
    const again = await logic().update(gone, { ...inputs, trigger: 2 });
    assert.deepEqual(again.endpoint, state.endpoint);
    assert.match(turso.told.join("\n"), /minted, and accepted after/);
  });

  it("is handed on, and told, where neither accepts it nor a look is possible", async () => {
    const { state } = await logic().create(inputs);
    assert.ok(state.endpoint);
    const gone = { ...state, verifyTimeout: "1s", endpoint: { ...state.endpoint, hostname: "127.0.0.1:1" } };
    turso.told.length = 0;
    turso.onLookUp({ type: "status", status: 418, body: "{}" }, 9);
    const again = await logic().update(gone, { ...inputs, trigger: 2, verifyTimeout: "1s" });
    assert.notEqual(again.token, state.token);
    assert.match(turso.told.join("\n"), /minted, but not seen accepted \(the database could not be asked/);
  });
});
