import assert from "node:assert/strict";
import { inSandbox } from "./sandbox";
import {
  Fleet,
  LOST,
  MESSAGE,
  UNVERIFIED,
  UP,
  WHENS,
  about,
  isCiphertext,
  program,
  rotatePath,
  status,
  what,
  type Case,
} from "./unknown-fate-fleet";

describe("a rotate request whose response is lost, with a canary to check", () => {
  let fleet: Fleet;
  let [output, tokens]: [string, Record<string, unknown>] = ["", {}];
  before(async () => {
    fleet = await Fleet.create(LOST, "trigger: 1");
    fleet.arm(LOST);
    // connections also drop while canaries and tokens are minted
    for (const when of WHENS)
      fleet.sandbox.turso.fault({ path: /auth\/tokens/, when, action: { type: "drop" }, times: 2 });
    output = (await fleet.sandbox.stack.must(...UP)).stdout;
    tokens = await fleet.sandbox.stack.outputs();
  });
  after(() => fleet.sandbox.close());

  for (const each of LOST)
    it(`${what(each)} the change: the same up rotates exactly once and reports what happened`, async () => {
      assert.equal(fleet.rotationsOf(each), 1);
      assert.equal(fleet.requestsFor(each), each.when === "after" ? 1 : 2);
      const report = about(output, each.name);
      assert.ok(report.includes(MESSAGE[each.action.type]), report);
      assert.match(
        report,
        each.when === "after"
          ? /, but the rotation happened: an old token is rejected\./
          : /, and the rotation did not happen: old tokens are still accepted after 2(\.0)? s\. Sending it once more\./,
      );
      const { rotationCount, verification, pending } = await fleet.properties(each);
      assert.deepEqual([rotationCount, verification, pending], [1, "verified", undefined]);
      assert.ok(await fleet.isTokenAccepted(tokens, each), "the AuthToken of the same run is rejected");
    });

  it("retries dropped connections while minting", () => {
    const dropped = fleet.sandbox.turso.log.filter(({ path, fault }) => path.includes("/tokens") && fault);
    assert.equal(dropped.length, 4);
  });

  it("the next up sends no API requests", async () => {
    fleet.sandbox.turso.clearLog();
    await fleet.sandbox.up();
    assert.deepEqual(fleet.sandbox.calls, []);
  });
});

describe("a rotate request whose response is lost, with verify off", () => {
  const SENTENCE =
    /Whether it was carried out is unknown\. There is no old token that could be tried\. It is saved as pending and not sent again blindly/;
  const sentence = (text: string, { name }: Case) =>
    new RegExp(`acme/databases/${name}: 1 target needs .*? \\(pulumi up --replace URN\\)\\.`).exec(
      text,
    )?.[0] ?? text;
  let fleet: Fleet;
  let [first, second]: [string, string] = ["", ""];
  before(async () => {
    fleet = await Fleet.create(UNVERIFIED, `verify: "off", trigger: pulumi.secret("hush-hush-1")`);
    fleet.arm(UNVERIFIED);
    first = await fleet.sandbox.fails(...UP);
    second = await fleet.sandbox.fails(...UP);
  });
  after(() => fleet.sandbox.close());

  for (const each of UNVERIFIED)
    it(`${what(each)} the change: saved as pending, and the next up repeats the error without sending a request`, async () => {
      assert.match(sentence(first, each), SENTENCE);
      assert.equal(sentence(second, each), sentence(first, each));
      assert.equal(fleet.requestsFor(each), 1);
      assert.equal(fleet.rotationsOf(each), each.when === "after" ? 1 : 0);
      const { trigger, pending } = await fleet.properties(each);
      assert.ok(isCiphertext(trigger), "the secret trigger of a failed resource is not encrypted");
      assert.ok(isCiphertext(pending), "pending is not encrypted");
    });

  it("never shows the secret trigger in plain text", async () => {
    for (const text of [await fleet.sandbox.stack.state(), first, second])
      assert.doesNotMatch(text, /hush-hush/);
  });

  it("a changed trigger rotates each once, clears the pending state, and mints valid tokens", async () => {
    const before = UNVERIFIED.map(fleet.rotationsOf);
    fleet.sandbox.stack.write(program(UNVERIFIED, `verify: "off", trigger: pulumi.secret("hush-hush-2")`));
    await fleet.sandbox.stack.must(...UP);
    const tokens = await fleet.sandbox.stack.outputs();
    for (const [i, each] of UNVERIFIED.entries()) {
      assert.equal(fleet.rotationsOf(each), (before[i] ?? 0) + 1, each.name);
      const { pending, rotationCount } = await fleet.properties(each);
      assert.deepEqual([pending, rotationCount], [undefined, 1], each.name);
      assert.ok(await fleet.isTokenAccepted(tokens, each), each.name);
    }
    assert.doesNotMatch(await fleet.sandbox.stack.state(), /hush-hush/);
  });

  it("in a list, the next up repeats neither the target that succeeded nor the unresolved one", () =>
    inSandbox(
      {
        program: `exports.id = new turso.TokenRotation("r", { scope: { databases: ["app", "lone"] }, trigger: 1, verifyTimeout: "2s", verify: "off" }).rotationId;`,
        serverGeneration: "current",
      },
      async (sandbox) => {
        sandbox.turso.fault({ path: rotatePath("app"), when: "after", action: status(500) });
        const output = await sandbox.fails(...UP);
        assert.match(
          output,
          /1 target needs another run\. app: .*The next `pulumi up` does only what is left\./,
        );
        assert.deepEqual([...sandbox.rotations].sort(), ["databases/app", "databases/lone"]);
        await sandbox.fails(...UP);
        assert.equal(sandbox.rotations.length, 2);
      },
    ));
});

describe("a rotate request whose response is lost, while the data plane is unreachable", () => {
  it("is saved with its encrypted canary, and the next up resolves it before it does anything else", async () => {
    const cases: Case[] = [
      { name: "executed", when: "after", action: { type: "drop" } },
      { name: "dropped", when: "before", action: { type: "drop" } },
    ];
    const fleet = await Fleet.create(cases, `trigger: pulumi.secret("hush-hush-1")`);
    const { sandbox } = fleet;
    try {
      fleet.arm(cases);
      // the database accepts the canary tokens, its own and its group's, and then drops every connection
      const cut = { plane: "data", path: /./, when: "before", action: { type: "drop" } } as const;
      for (const { name } of cases) sandbox.turso.fault({ ...cut, database: name, skip: 2, times: Infinity });
      const output = await sandbox.fails(...UP);
      for (const each of cases) {
        assert.match(
          about(output, each.name),
          /An old token could not be tried \(the database could not be reached .*\)\. It is saved as pending .* Run `pulumi up` again: it resolves this first\./,
        );
        const { pending, trigger } = await fleet.properties(each);
        assert.ok(isCiphertext(pending) && isCiphertext(trigger), each.name);
      }
      const state = await sandbox.stack.state();
      assert.doesNotMatch(state, /eyJ[\w-]+\.[\w-]+\.|hush-hush/);

      sandbox.turso.clearFaults();
      sandbox.turso.clearLog();
      const { stdout } = await sandbox.stack.must(...UP);
      const [executed, dropped] = cases as [Case, Case];
      assert.match(about(stdout, "executed"), /but the rotation happened: an old token is rejected\./);
      assert.match(about(stdout, "dropped"), /and the rotation did not happen: .* Sending it once more\./);
      assert.deepEqual([fleet.requestsFor(executed), fleet.requestsFor(dropped)], [0, 1]);
      const tokens = await sandbox.stack.outputs();
      for (const each of cases) {
        assert.equal(fleet.rotationsOf(each), 1);
        const { pending, rotationCount, verification } = await fleet.properties(each);
        assert.deepEqual([pending, rotationCount, verification], [undefined, 1, "verified"]);
        assert.ok(await fleet.isTokenAccepted(tokens, each), each.name);
      }
    } finally {
      await sandbox.close();
    }
  });
});
