import assert from "node:assert/strict";
import { tokenRotation } from "../../../src/hosts/dynamic";
import { useEnvironment } from "../../support/environment";
import { FakeTurso, failure } from "../../support/fake-turso";

/** What the engine sends for a value that it does not know yet. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const PROVIDER = 'exports.handler = () => require("pulumi-turso-tokens/provider").tokenRotation;\n';
const VARIABLES = ["TURSO_API_TOKEN", "TURSO_ORGANIZATION", "TURSO_API_BASEURL"];

type Properties = Record<string, unknown>;

const without = (props: Properties, key: string): Properties =>
  Object.fromEntries(Object.entries(props).filter(([name]) => name !== key));

describe("the dynamic host", () => {
  const turso = FakeTurso.use();
  useEnvironment();
  const log = console.log;
  let printed: string[];

  /** Configures the provider as the engine does when it loads it. */
  const configure = (config: Record<string, string>): void =>
    void tokenRotation.configure({
      config: { get: (key) => config[key], require: (key) => config[key] ?? "" },
    });
  const connected = (): Record<string, string> => ({
    "turso:apiUrl": turso.url,
    "turso:apiToken": turso.emulator.apiToken,
    "turso:organization": "acme",
  });
  const engine = (changes: Properties = {}): Properties => ({
    scope: { database: "app" },
    organization: "acme",
    trigger: "1",
    verify: "off",
    __provider: PROVIDER,
    ...changes,
  });
  const olds = (changes: Properties = {}): Properties => ({
    ...engine(),
    stateVersion: 1,
    rotationId: "first",
    rotations: { app: "2026-01-01T00:00:00.000Z" },
    failures: {},
    createdAt: "2026-01-01T00:00:00.000Z",
    rotatedAt: "2026-01-01T00:00:00.000Z",
    rotationCount: 1,
    verification: "skipped",
    ...changes,
  });

  beforeEach(() => {
    for (const name of VARIABLES) Reflect.deleteProperty(process.env, name);
    printed = [];
    console.log = (text: unknown) => printed.push(String(text));
    configure(connected());
  });
  afterEach(() => (console.log = log));

  describe("checks", () => {
    it("and adds the organization to the program's inputs", async () => {
      const news = without(engine(), "organization");
      assert.deepEqual(await tokenRotation.check(olds(), news), { inputs: engine(), failures: [] });
      assert.deepEqual(turso.requests(), []);
    });

    it("and keeps unknown values as the engine wrote them", async () => {
      for (const unknown of [
        { trigger: UNKNOWN },
        { trigger: { a: [UNKNOWN, 1] } },
        { scope: UNKNOWN },
        { scope: { group: UNKNOWN } },
        { organization: UNKNOWN },
      ])
        assert.deepEqual(await tokenRotation.check({}, engine({ rotateOnCreate: false, ...unknown })), {
          inputs: engine({ rotateOnCreate: false, ...unknown }),
          failures: [],
        });
    });

    it("and returns the failures of invalid arguments", async () => {
      const news = engine({ scope: { database: "../x" } });
      assert.deepEqual(await tokenRotation.check({}, news), {
        inputs: news,
        failures: [
          {
            property: "",
            reason:
              'scope.database "../x" must start with a letter or a digit and contain only letters, digits, "-" and "_".',
          },
        ],
      });
      assert.deepEqual(turso.requests(), []);
    });

    it("and returns the failures of invalid settings", async () => {
      configure({ ...connected(), "turso:apiUrl": "http://user:hunter2@api.turso.tech" });
      const news = engine();
      assert.deepEqual(await tokenRotation.check({}, news), {
        inputs: news,
        failures: [
          {
            property: "",
            reason:
              "The API's URL, read from stack config turso:apiUrl, must not contain a user name or a password; the API token is set separately.",
          },
        ],
      });
    });

    it("and prints the blast radius", async () => {
      await tokenRotation.check({}, engine({ scope: { group: "solo" } }));
      assert.deepEqual(printed, [
        "acme/groups/solo: creating it rotates; this invalidates every token of the group and of its 1 database (lone).",
      ]);
    });
  });

  describe("diffs", () => {
    it("and ignores a changed provider text", async () => {
      const { changes, replaces } = await tokenRotation.diff("acme/databases/app", olds(), {
        ...engine(),
        __provider: "something newer",
      });
      assert.deepEqual([changes, replaces ?? []], [false, []]);
      assert.deepEqual(turso.requests(), []);
    });

    it("and reports a change for a state of the native plugin, which lacks the provider text", async () => {
      const old = { ...without(olds(), "__provider"), handle: { scope: { database: "app" } } };
      const { changes, replaces } = await tokenRotation.diff("acme/databases/app", old, engine());
      assert.deepEqual([changes, replaces ?? []], [true, []]);
      assert.deepEqual(turso.requests(), []);
    });

    it("and counts an unknown value as a change that may rotate", async () => {
      const news = engine({ trigger: { a: UNKNOWN } });
      assert.equal((await tokenRotation.diff("acme/databases/app", olds(), news)).changes, true);
      assert.deepEqual(turso.rotateRequests(), []);
    });

    it("and replaces a resource whose target changes", async () => {
      const news = engine({ scope: { group: UNKNOWN } });
      const { changes, replaces } = await tokenRotation.diff("acme/databases/app", olds(), news);
      assert.deepEqual([changes, replaces], [true, ["scope"]]);
    });
  });

  it("creates", async () => {
    const { id, outs } = await tokenRotation.create(engine());
    assert.equal(id, "acme/databases/app");
    const { rotationCount, trigger, scope } = outs as Properties;
    assert.deepEqual([rotationCount, trigger, scope], [1, "1", { database: "app" }]);
    assert.deepEqual(turso.rotations(), ["database app"]);
  });

  it("updates, and rotates only if the trigger changed", async () => {
    await tokenRotation.update("acme/databases/app", olds(), engine());
    assert.deepEqual(turso.requests(), []);
    const { outs } = await tokenRotation.update("acme/databases/app", olds(), engine({ trigger: "2" }));
    assert.equal((outs as Properties)["rotationCount"], 2);
    assert.deepEqual(turso.rotations(), ["database app"]);
  });

  describe("reads", () => {
    it("a target that exists", async () => {
      const { id, props } = await tokenRotation.read("acme/databases/app", olds());
      const [kept, found] = [olds(), props as Properties].map((all) => without(all, "__provider"));
      assert.deepEqual([id, found], ["acme/databases/app", kept]);
    });

    it("a target that is gone as an empty result, so that the engine removes it", async () => {
      assert.deepEqual(await tokenRotation.read("acme/groups/x", olds({ scope: { group: "x" } })), {});
    });

    it("with invalid settings as an error, so that the engine removes nothing", async () => {
      configure({ "turso:apiUrl": "nonsense" });
      const reading = Promise.resolve().then(() => tokenRotation.read("acme/databases/app", olds()));
      assert.match(
        (await failure(reading)).message,
        /^The API's URL, read from stack config turso:apiUrl, is not a URL/,
      );
    });
  });

  for (const path of ["create", "update"] as const)
    it(`returns the outputs of the ${path} if the outcome is unknown, so that dependents are updated`, async () => {
      turso.onRotate("after", { type: "drop" });
      const { outs } = await (path === "create"
        ? tokenRotation.create(engine({ trigger: "2" }))
        : tokenRotation.update("acme/databases/app", olds(), engine({ trigger: "2" })));
      const properties = outs as Properties;
      assert.deepEqual(Object.keys(properties["failures"] as object), ["app"]);
      assert.deepEqual(Object.keys((properties["pending"] as { value: object }).value), ["app"]);
      assert.deepEqual([properties["trigger"], properties["scope"]], ["2", { database: "app" }]);
      assert.doesNotThrow(() => JSON.stringify(properties));
    });

  it("attaches no id to an error, because the engine would save a state for it", async () => {
    const error = await failure(tokenRotation.create(engine({ scope: { group: "typo" } })));
    assert.match(error.message, /^Looking up acme\/groups\/typo: the API answered 404 \(group not found\)/);
    assert.equal("id" in error, false);
  });

  describe("deletes", () => {
    for (const [what, config] of [
      ["without any settings", {}],
      ["with invalid settings", { "turso:apiUrl": "nonsense", "turso:organization": "a/b" }],
      ["without a network", { "turso:apiUrl": "http://127.0.0.1:1" }],
    ] as [string, Record<string, string>][])
      it(what, async () => {
        configure(config);
        await tokenRotation.delete("acme/databases/app", olds());
        assert.deepEqual(printed, [
          "acme/databases/app: deleted from the stack, which changes nothing in Turso.",
        ]);
        assert.deepEqual(turso.requests(), []);
      });
  });

  it("reads the settings from the environment if stack config does not set them", async () => {
    process.env["TURSO_API_TOKEN"] = turso.emulator.apiToken;
    process.env["TURSO_API_BASEURL"] = turso.url;
    process.env["TURSO_ORGANIZATION"] = "acme";
    configure({});
    const news = without(engine({ rotateOnCreate: false }), "organization");
    assert.deepEqual((await tokenRotation.check({}, news)).inputs?.["organization"], "acme");
    await tokenRotation.create(engine());
    assert.deepEqual(turso.rotations(), ["database app"]);
  });
});
