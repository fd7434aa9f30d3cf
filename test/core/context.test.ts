import assert from "node:assert/strict";
import { Context } from "../../src/core/context";
import { UNKNOWN } from "../../src/core/unknown";
import { readSettings } from "../../src/turso/connection";
import { FakeTurso, inputs, state, tursoFailure } from "../support/fake-turso";

describe("the organization of a resource", () => {
  const turso = FakeTurso.use();
  const logic = (configured: string | undefined, environment: string | undefined) => {
    const config = new Map([
      ["turso:apiUrl", turso.url],
      ["turso:apiToken", turso.emulator.apiToken],
      ["turso:organization", configured ?? ""],
    ]);
    const settings = readSettings((key) => config.get(key), { TURSO_ORGANIZATION: environment });
    assert(!("problem" in settings));
    return turso.logic(settings);
  };

  for (const [argument, configured, recorded, environment, expected] of [
    ["argument", "configured", "recorded", "environment", "argument"],
    ["argument", undefined, undefined, undefined, "argument"],
    ["argument", undefined, "recorded", "environment", "argument"],
    [undefined, "configured", "recorded", "environment", "configured"],
    [undefined, "configured", undefined, "environment", "configured"],
    [undefined, undefined, "recorded", "environment", "recorded"],
    [undefined, undefined, "recorded", undefined, "recorded"],
    [null, undefined, "recorded", undefined, "recorded"],
    [undefined, undefined, undefined, "environment", "environment"],
    [null, undefined, undefined, "environment", "environment"],
  ] as const)
    it(`is ${expected} with ${JSON.stringify({ argument, configured, recorded, environment })}`, async () => {
      const olds = recorded === undefined ? {} : { ...inputs({ organization: recorded }) };
      const news = { scope: { database: "app" }, trigger: 1, rotateOnCreate: false, organization: argument };
      const { additions, problems } = await logic(configured, environment).check(olds, news);
      assert.deepEqual([additions["organization"], problems], [expected, []]);
    });

  it("does not change with a machine's environment", async () => {
    for (const environment of ["other", "acme", undefined]) {
      const elsewhere = logic(undefined, environment);
      const { additions } = await elsewhere.check(
        { ...inputs() },
        { scope: { database: "app" }, trigger: "1" },
      );
      assert.deepEqual(additions, { organization: "acme" });
      const news = { ...inputs(), ...additions };
      assert.deepEqual(await elsewhere.diff(state(), news), { changes: false, replaces: [] });
    }
    assert.deepEqual(turso.requests(), []);
  });

  it("changes with stack config, which replaces the resource", async () => {
    const moved = logic("other", "acme");
    const { additions } = await moved.check({ ...inputs() }, { scope: { database: "app" }, trigger: "1" });
    assert.deepEqual(additions, { organization: "other" });
    const { changes, replaces } = await moved.diff(state(), inputs({ organization: "other" }));
    assert.deepEqual([changes, replaces], [true, ["organization"]]);
  });

  it("in the state is the one that an update uses, whatever the environment says", async () => {
    await logic(undefined, "other").update(state(), inputs({ trigger: "2" }));
    assert.deepEqual(turso.rotateRequests(), ["POST ~/databases/app/auth/rotate 200"]);
  });
});

describe("the requests of a run", () => {
  const turso = FakeTurso.use();

  it("wait together for the API's rate limit, whatever their organization", async () => {
    const context = turso.context({ clock: () => new Date() });
    turso.onLookUp({ type: "status", status: 429, headers: { "retry-after": "3600" } });
    assert.equal((await tursoFailure(context.client("acme").getDatabase("app"))).isRateLimited, true);
    for (const organization of ["acme", "other"])
      assert.equal((await tursoFailure(context.client(organization).getDatabase("app"))).isRateLimited, true);
    assert.deepEqual(turso.requests(), ["GET ~/databases/app 429"]);
  });
});

describe("an organization that cannot be used", () => {
  const context = (organization?: string, isQuiet?: boolean) => {
    const told: string[] = [];
    const settings = { organization, organizationIsConfigured: false } as unknown as ReturnType<
      FakeTurso["settings"]
    >;
    const notify = (_: unknown, text: string) => void told.push(text);
    const environment = {
      settings,
      clock: () => new Date(),
      notify,
      ...(isQuiet !== undefined && { isQuiet }),
    };
    return { told, context: new Context(environment) };
  };
  const reasons = (argument: unknown, recorded?: unknown) =>
    context()
      .context.resolveOrganization(argument, recorded)
      .problems.map(({ property, reason }) => `${property}: ${reason}`);

  it("is missing everywhere", () => {
    for (const recorded of [undefined, 7])
      assert.match(
        reasons(undefined, recorded).join(),
        /^organization: The organization is missing\. Set it/,
      );
  });

  it("is not a valid name", () =>
    assert.match(reasons("a/b").join(), /^organization: organization "a\/b" must start with .*"_"\.$/));

  it("may be one that is not known yet: then it has no problem", () =>
    assert.deepEqual(reasons(UNKNOWN), []));

  it("is reported to nobody in a quiet run", () => {
    for (const [isQuiet, count] of [
      [true, 0],
      [false, 1],
      [undefined, 1],
    ] as const) {
      const run = context("acme", isQuiet);
      run.context.notify("info", "text", "key");
      assert.equal(run.told.length, count);
      assert.equal(run.context.isQuiet, isQuiet ?? false);
    }
  });
});

describe("a message", () => {
  const turso = FakeTurso.use();

  it("is shown once in a run", async () => {
    const logic = turso.logic();
    for (let i = 0; i < 3; i += 1) await logic.diff(state(), inputs({ trigger: "2" }));
    assert.deepEqual(turso.messages, [...new Set(turso.messages)]);
    assert.notEqual(turso.messages.length, 0);
  });

  it("is shown once for each key, whatever its text and level", () => {
    const { notify } = new Context({
      settings: turso.settings(),
      clock: () => new Date(),
      notify: turso.notify,
    });
    notify("info", "minted after 0.1 s", "app minted");
    notify("info", "minted after 0.2 s", "app minted");
    notify("warning", "minted, but not verified", "app minted");
    notify("warning", "minted after 0.1 s", "reports minted");
    assert.deepEqual(turso.messages, ["minted after 0.1 s", "minted after 0.1 s"]);
    assert.deepEqual(turso.warnings, ["minted after 0.1 s"]);
  });
});
