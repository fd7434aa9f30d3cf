import assert from "node:assert/strict";
import type { SavedCanary } from "../../../src/core/canary";
import { reopen, send, type Attempt } from "../../../src/rotation/run/attempt";
import type { RunSettings, Task } from "../../../src/rotation/run/preflight";
import type { ErrorData } from "../../../src/turso/errors";
import { FakeTurso, NOW } from "../../support/fake-turso";
import { AT, errorOf } from "../results";
import { Organization } from "./organization";
import { radius, settingsOf, settingsWith, taskOf } from "./settings";
import { jwt } from "../tokens";

const task = taskOf(radius(["app"]));

const canary = (expiresAt: string): SavedCanary => ({
  label: "database",
  target: task.target,
  hostname: "h",
  token: jwt(expiresAt),
});

describe("a rotate request", () => {
  const turso = FakeTurso.use();
  const run = (changes?: Partial<RunSettings>) => settingsOf(turso, [], changes);
  const canaries = [canary("2026-03-09T00:00:00.000Z")];
  const lost: Attempt = { task, at: AT, isNew: false, tries: 1, lost: "no answer", canaries, doneAt: 0 };
  const times = () => [AT, NOW].map((at) => new Date(at));

  it("is an attempt from its response on, whose outcome is certain", async () => {
    const clock = times();
    const before = performance.now();
    const sent = await send(run({ clock: () => clock.shift() as Date }), { task, canaries });
    assert.ok("task" in sent);
    const { doneAt, ...rest } = sent;
    assert.deepEqual(rest, { task, isNew: true, tries: 1, canaries, at: NOW });
    assert.ok(doneAt >= before && doneAt <= performance.now());
    assert.deepEqual(turso.rotations(), ["database app"]);
  });

  it("without a response is an attempt from its start on, whose outcome is unknown", async () => {
    turso.onRotate("before", { type: "status", status: 500, body: '{"error":"down"}' });
    const clock = times();
    const sent = await send(run({ clock: () => clock.shift() as Date }), { task });
    assert.ok("task" in sent);
    assert.deepEqual(
      [sent.at, sent.lost, sent.canaries, sent.tries],
      [AT, "the API answered 500 (down)", [], 1],
    );
  });

  it("counts the one before", async () => {
    const sent = await send(run(), { task, canaries, lost });
    assert.ok("task" in sent);
    assert.deepEqual([sent.tries, sent.isNew], [2, true]);
  });

  it("that is refused is a failure, and the second time leaves the first one unknown", async () => {
    turso.onRotate("before", { type: "status", status: 402, body: '{"error":"no"}' }, 2);
    const first = await send(run(), { task, canaries });
    assert.ok("kind" in first && first.kind === "failed");
    assert.equal(first.error.answer, "the API answered 402 (no)");
    const second = await send(run(), { task, canaries, lost });
    assert.ok("kind" in second && second.kind === "unknown");
    assert.equal(second.isNew, false);
    assert.match(
      second.error.message,
      /It seemed not to have been, but sending it once more failed: the API answered 402 \(no\)\./,
    );
  });

  it("is not sent after three unknown outcomes in a row, which a known one ends", async () => {
    const settings = run();
    const fail = () => turso.onRotate("before", { type: "status", status: 500 }, 1);
    const outcomes: string[] = [];
    for (const fails of [true, true, false, true, true, true, false]) {
      if (fails) fail();
      const sent = await send(settings, { task });
      outcomes.push("kind" in sent ? sent.kind : sent.lost === undefined ? "sent" : "unknown");
    }
    assert.deepEqual(outcomes, ["unknown", "unknown", "sent", "unknown", "unknown", "unknown", "failed"]);
    assert.equal(turso.rotateRequests().length, 6);
  });
});

describe("the rotations of a run", () => {
  const team = { team: ["app"] };
  const unreachable = { status: undefined, answer: "the API could not be reached" };
  for (const [what, data, most] of [
    ["the API cannot be reached", unreachable, 3],
    ["each outcome is unknown", { ...unreachable, effect: "unknown" }, 3],
    ["the API refuses each of them", { status: 402 }, 5],
    ["their caller is gone, which ends each of them", { ...unreachable, isCallerGone: true }, 5],
  ] as [string, Partial<ErrorData>, number][])
    it(`are ${most < 5 ? "no longer" : "still"} sent after three, if ${what}`, async () => {
      const organization = new Organization(team, "database", { rotate: () => errorOf(data) });
      const settings = settingsWith(organization.client);
      for (let n = 0; n < 5; n += 1) await send(settings, { task });
      assert.equal(organization.log.length, most);
    });
});

describe("a rotation that an earlier run left", () => {
  const turso = FakeTurso.use();
  const run = () => settingsOf(turso, []);
  const valid = canary("2026-03-09T00:00:00.000Z");
  const spent = canary("2026-03-01T00:00:00.000Z");

  it("is taken up with the canary tokens that have not expired", () => {
    const { doneAt, ...rest } = reopen(run(), task, { status: "unproven", at: AT, canaries: [spent, valid] });
    assert.deepEqual(rest, { task, at: AT, isNew: false, tries: 1, canaries: [valid] });
    assert.ok(doneAt <= performance.now());
  });

  const at = (hostname: string): SavedCanary => ({ ...valid, label: "group", hostname });
  const resumedAt = (lookup: Task["lookup"]): string[] => {
    const pending = { status: "unproven", at: AT, canaries: [at("app.host"), at("lone.host")] } as const;
    return reopen(run(), taskOf(lookup), pending).canaries.map(({ hostname }) => hostname);
  };
  const groupWith = (...hostnames: string[]): Task["lookup"] => {
    const endpoints = hostnames.map((hostname) => [hostname, { group: "default", hostname }] as const);
    return { ...radius(hostnames, "group"), endpoints: new Map(endpoints) };
  };

  it("is not tried at a database that was deleted since, which would leave it unresolved for good", () =>
    assert.deepEqual(resumedAt(groupWith("lone.host", "new.host")), ["lone.host"]));

  for (const [what, lookup] of [
    ["none of the databases is left", groupWith("new.host")],
    ["the databases could not be looked up", errorOf()],
  ] as const)
    it(`keeps all canary tokens if ${what}`, () =>
      assert.deepEqual(resumedAt(lookup), ["app.host", "lone.host"]));

  it("is still unknown if its response was lost", () => {
    const pending = { status: "unknown", at: AT, answer: "no answer", canaries: [valid] } as const;
    assert.equal(reopen(run(), task, pending).lost, "no answer");
  });

  it("remembers that nothing was sent for a member which a different rotation seemed to reach", () => {
    const pending = { status: "unproven", at: AT, canaries: [valid], isReached: true } as const;
    const { isReached, lost, tries } = reopen(run(), task, pending);
    assert.deepEqual([isReached, tries], [true, 0]);
    assert.match(lost ?? "", /^no request was sent for it, /);
  });
});
