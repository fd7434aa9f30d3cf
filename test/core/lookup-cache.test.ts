import assert from "node:assert/strict";
import { tokenResource } from "../../src/hosts/shared/resource";
import { rotationResource } from "../../src/hosts/shared/resource";
import { mock } from "node:test";
import { LookupCache } from "../../src/core/lookup-cache";
import type { TursoClient } from "../../src/turso/client";
import { FakeTurso } from "../support/fake-turso";

describe("within one run, a lookup", () => {
  const turso = FakeTurso.use();
  const run = () => turso.context();
  const scope = { database: "app" };
  const lookups = () => turso.requests().filter((request) => request.startsWith("GET "));
  const LOOKUPS_OF_APP = ["GET ~/databases/app 200", "GET ~/databases?group=default 200"];

  it("is made once for the preview and the preflight together", async () => {
    const logic = rotationResource(run());
    const news = { scope, organization: "acme", trigger: 1 };
    await logic.check({}, news);
    await logic.create(news);
    assert.deepEqual(lookups(), LOOKUPS_OF_APP);
    assert.deepEqual(turso.rotations(), ["database app"]);
  });

  it("is made once for several resources", async () => {
    const context = run();
    await rotationResource(context).create({ scope, organization: "acme", trigger: 1 });
    await tokenResource(context).create({ scope, organization: "acme" });
    assert.deepEqual(lookups(), LOOKUPS_OF_APP);
  });

  it("is repeated after a failure", async () => {
    const logic = rotationResource(run());
    const news = { scope, organization: "acme", trigger: 1 };
    turso.onLookUp({ type: "status", status: 418, body: "{}" });
    await logic.check({}, news);
    await logic.create(news);
    assert.deepEqual(lookups(), ["GET ~/databases/app 418", ...LOOKUPS_OF_APP]);
  });

  it("is repeated for a group that had no databases, because the program may be adding some", async () => {
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

describe("a token that replaces an earlier one", () => {
  const turso = FakeTurso.use();
  const logic = () => tokenResource(turso.context());
  const inputs = { scope: { database: "app" }, organization: "acme", trigger: 1 };

  it("is tried at the earlier token's hostname, without a lookup", async () => {
    const { state } = await logic().create(inputs);
    turso.emulator.clearLog();
    const again = await logic().update(state, { ...inputs, trigger: 2 });
    assert.deepEqual(turso.requests(), [
      "POST ~/databases/app/auth/tokens?expiration=never&authorization=full-access 200",
    ]);
    assert.deepEqual(again.endpoint, state.endpoint);
    assert.match(turso.messages.join("\n"), /minted, and accepted after/);
  });

  it("is tried at the database's new hostname if that has changed", async () => {
    const { state } = await logic().create(inputs);
    assert.ok(state.endpoint);
    const gone = { ...state, endpoint: { ...state.endpoint, hostname: "127.0.0.1:1" } };
    turso.forgetMessages();
    const again = await logic().update(gone, { ...inputs, trigger: 2 });
    assert.deepEqual(again.endpoint, state.endpoint);
    assert.match(turso.messages.join("\n"), /minted, and accepted after/);
  });

  it("is published with a warning if neither that hostname accepts it nor a lookup works", async () => {
    const { state } = await logic().create(inputs);
    assert.ok(state.endpoint);
    const gone = { ...state, verifyTimeout: "1s", endpoint: { ...state.endpoint, hostname: "127.0.0.1:1" } };
    turso.forgetMessages();
    turso.onLookUp({ type: "status", status: 418, body: "{}" }, 9);
    const again = await logic().update(gone, { ...inputs, trigger: 2, verifyTimeout: "1s" });
    assert.notEqual(again.token, state.token);
    assert.match(
      turso.warnings.join("\n"),
      /the new token could not be verified \(the database could not be reached/,
    );
  });
});

describe("the answer to a lookup", () => {
  let now = 0;
  beforeEach(() => {
    now = 0;
    mock.method(performance, "now", () => now);
  });
  afterEach(() => mock.restoreAll());

  const cacheOf = (): {
    asked: string[];
    of: (organization: string) => ReturnType<LookupCache["through"]>;
  } => {
    const asked: string[] = [];
    const cache = new LookupCache();
    const of = (organization: string) =>
      cache.through({
        organization,
        listDatabases: (group?: string) => {
          asked.push(`${organization} ${group ?? "all"}`);
          return Promise.resolve([{ Name: "app" }]);
        },
      } as unknown as TursoClient);
    return { asked, of };
  };

  it("is used for 10 s and then asked for again", async () => {
    const { asked, of } = cacheOf();
    for (const time of [0, 9_999, 10_000]) {
      now = time;
      await of("acme").listDatabases("team");
    }
    assert.deepEqual(asked, ["acme team", "acme team"]);
  });

  it("is not used for a different group, the whole organization, or another organization", async () => {
    const { asked, of } = cacheOf();
    for (const group of ["team", "other", undefined, undefined]) await of("acme").listDatabases(group);
    await of("elsewhere").listDatabases("team");
    assert.deepEqual(asked, ["acme team", "acme other", "acme all", "elsewhere team"]);
  });
});
