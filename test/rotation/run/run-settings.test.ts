import assert from "node:assert/strict";
import { SILENT_AFTER } from "../../../src/core/breaker";
import { settingsOf } from "../../../src/rotation/run/run";
import type { RotationState } from "../../../src/rotation/state";
import type { Scope } from "../../../src/values/scope";
import { state } from "../../support/fake-turso";
import { Organization, UNCLEAR, database } from "./organization";
import { contextIn, subjectOf } from "./runner";

const BOTH = { databases: ["a", "b"] };

/** The settings of a run with only these arguments. */
function settings(changes: Partial<RotationState> = {}, scope: Scope = BOTH, messages: string[] = []) {
  const record = state({ scope });
  delete record.verify;
  const context = contextIn(new Organization({ team: ["a", "b"] }), messages);
  return settingsOf(context, subjectOf(scope), { ...record, ...changes });
}

describe("the settings of a run", () => {
  for (const [argument, given, key, expected] of [
    ["verify", undefined, "verify", "auto"],
    ["verify", "off", "verify", "off"],
    ["verifyTimeout", undefined, "verifyTimeoutMs", 60_000],
    ["verifyTimeout", "5s", "verifyTimeoutMs", 5_000],
    ["groupImpact", undefined, "groupImpact", "warn"],
    ["groupImpact", "refuse", "groupImpact", "refuse"],
    ["suspend", undefined, "isSuspended", false],
    ["suspend", false, "isSuspended", false],
    ["suspend", true, "isSuspended", true],
    ["maxUnavailable", undefined, "maxUnavailable", 8],
    ["maxUnavailable", 2, "maxUnavailable", 2],
    ["parallelism", 3, "maxUnavailable", 3],
  ] as const)
    it(`have ${key} ${String(expected)} ${given === undefined ? `without ${argument}` : `for ${argument} ${String(given)}`}`, () => {
      const found = settings(given === undefined ? {} : { [argument]: given });
      assert.equal(found[key], expected);
    });

  it("have maxUnavailable as it is given, whatever the parallelism", () =>
    assert.equal(settings({ maxUnavailable: 1, parallelism: 3 }).maxUnavailable, 1));

  for (const [scope, isList, names] of [
    [BOTH, true, ["a", "b"]],
    [{ database: "a" }, false, ["a"]],
  ] as const)
    it(`name the targets of ${JSON.stringify(scope)}, and mint for nobody`, () => {
      const found = settings({ mint: {} }, scope);
      assert.deepEqual([found.isList, [...found.targets]], [isList, names]);
      assert.deepEqual([found.minter, found.followers], [undefined, []]);
    });

  it("leave the preflight of all targets ten seconds", () => {
    const left = settings().preflightUntil - performance.now();
    assert.ok(left > 9_000 && left <= 10_000, `${left} ms`);
  });

  for (const [verify, isLikely] of [
    [undefined, true],
    ["required", false],
  ] as const)
    it(`${isLikely ? "give up" : "do not give up"} databases that stay silent with verify ${verify ?? "auto"}`, async () => {
      const { silence } = settings(verify ? { verify } : {});
      for (let n = 0; n < SILENT_AFTER; n += 1) await silence.ask(() => Promise.resolve(UNCLEAR));
      assert.equal(silence.isLikely, isLikely);
    });

  it("name the target in each message", () => {
    const messages: string[] = [];
    const { notify } = settings({}, BOTH, messages);
    notify("warning", database("a"), "no");
    notify("info", database("b"), "yes");
    assert.deepEqual(messages, ["warning acme/databases/a: no", "info acme/databases/b: yes"]);
  });
});
