import assert from "node:assert/strict";
import type { FaultAction } from "../../emulator/src";
import { JWT_LIKE, LeakDetector, PULUMI_ITSELF } from "./leak-detector";
import { Sandbox } from "./sandbox";

const ROTATE = /\/auth\/rotate$/;
/** Not for canary tokens. */
const MINT = /\/auth\/tokens\?expiration=never/;
const UP = ["up", "--yes", "--skip-preview"];
const LOGS = ["-v=9", "--logtostderr"];

/** Exports a token without pulumi.secret. */
const program = (trigger: number, args = "") =>
  `const scope = { database: "app" };
   const rotation = new turso.TokenRotation("r", { scope, trigger: ${trigger}, verifyTimeout: "1s", ${args} });
   exports.token = new turso.AuthToken("t", { scope, rotation }).token;`;

describe("secrets stay encrypted, with the real CLI", () => {
  let detector: LeakDetector;
  const echo = (status: number): FaultAction => {
    const body = JSON.stringify({
      error: `bad Bearer ${detector.sandbox.turso.apiToken} ${detector.minted.at(-1) ?? ""}`,
    });
    return { type: "status", status, body };
  };

  before(async () => {
    const sandbox = await Sandbox.create({ program: program(1), serverGeneration: "current" });
    detector = new LeakDetector(sandbox);
    const { turso, stack } = sandbox;
    await detector.run("an up with its preview", false, "up", "--yes", "--diff");
    await detector.run("a refresh, logged", false, "refresh", "--yes", "--skip-preview", ...LOGS);
    stack.write(program(2));
    await detector.run("a preview as JSON", false, "preview", "--json", "--diff");
    await detector.run("an up as JSON", false, ...UP, "--json");

    stack.write(program(3));
    turso.fault({ path: ROTATE, when: "before", action: echo(403) });
    await detector.run("a 403 that echoes the credentials", true, ...UP);

    turso.fault({ path: ROTATE, when: "before", action: echo(500) });
    // the three canary tokens are accepted before the rotation
    turso.fault({ plane: "data", path: /./, when: "before", action: { type: "drop" }, skip: 3, times: 999 });
    const lost = await detector.run("a lost response, saved with its canary, logged", true, ...UP, ...LOGS);
    assert.match(lost, /It is saved as pending/);
    turso.clearFaults();
    const pending = await stack.state();
    assert.match(pending, /"pending": \{\s*"4dabf18193072939515e22adb298388d"/);
    detector.artefacts.push({ name: "the exported state of a pending rotation", text: pending });

    stack.write(program(4, `verify: "required",`));
    const alive: FaultAction = { type: "status", status: 200, body: '{"results":[]}' };
    turso.fault({ plane: "data", path: /./, when: "before", action: alive, times: 9_999 });
    const outlived = await detector.run("old tokens that are accepted beyond verifyTimeout", true, ...UP);
    assert.match(outlived, /old tokens are still accepted after 1/);
    turso.clearFaults();

    stack.write(program(5));
    turso.fault({ path: MINT, when: "after", action: echo(402) });
    const unminted = await detector.run("a token that cannot be minted", true, ...UP);
    assert.match(unminted, /Minting a token .* 402/);
    await detector.run("an up that completes it", false, ...UP);
    await detector.keepFiles();
  });
  after(() => detector.sandbox.close());

  it("the state, its backups, the history of each run, the output, JSON previews and the emulator's log contain no secrets", () => {
    assert.ok(detector.minted.length >= 8, "too few tokens were minted for this to prove anything");
    for (const place of [/^backend.*history/, /^backend.*backups/, /^home/, /^project/, /emulator/])
      assert.ok(
        detector.artefacts.some(({ name }) => place.test(name)),
        `no artefact matches ${String(place)}`,
      );
    for (const { name, text } of detector.artefacts) {
      assert.deepEqual(detector.found(text), [], `${name} contains a secret in plain text`);
      assert.doesNotMatch(text, JWT_LIKE, `${name} contains a JWT in plain text`);
    }
  });

  it("Pulumi's debug logs contain no secrets, except in the payloads that Pulumi itself logs", () => {
    assert.equal(detector.logs.length, 3);
    for (const { name, text } of detector.logs)
      for (const line of text.split("\n"))
        if (detector.found(line).length > 0 || JWT_LIKE.test(line))
          assert.ok(PULUMI_ITSELF.test(line), `${name}: ${line.slice(0, 120)}`);
  });

  it("an error message redacts credentials that the API echoes", () => {
    const output = detector.artefacts.find(({ name }) => name === "a 403 that echoes the credentials");
    assert.match(output?.text ?? "", /the API answered 403 \(bad Bearer \[redacted\] \[redacted\]\)/);
  });

  it("an AuthToken's token is a secret even if the program exports it without pulumi.secret, also after a refresh", async () => {
    const { stack } = detector.sandbox;
    await stack.must("refresh", "--yes", "--skip-preview");
    const { stdout } = await stack.must("stack", "output", "--json");
    assert.deepEqual(JSON.parse(stdout), { token: "[secret]" });
    assert.match(String((await stack.outputs())["token"]), JWT_LIKE);
    const state = await stack.state();
    assert.deepEqual([detector.found(state), JWT_LIKE.test(state)], [[], false]);
  });
});
