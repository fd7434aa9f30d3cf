import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { RotationState } from "../../src/rotation/state";
import { FakeTurso, inputs } from "../support/fake-turso";

const MINTING = inputs({ scope: { database: "app" }, mint: {}, verify: "auto" });
const OTHER = inputs({ scope: { database: "reports" }, verify: "auto" });
const ROTATING = { ...OTHER, trigger: "2" };
const OF_APP = "token of acme/databases/app";

describe("a rotation of one resource that invalidates a token which another one minted", () => {
  const turso = FakeTurso.use();
  let minting: RotationState;
  let other: RotationState;

  beforeEach(async () => {
    ({ state: other } = await turso.logic().create(OTHER));
    ({ state: minting } = await turso.logic().create(MINTING));
    turso.emulator.clearLog();
  });

  const isAccepted = async ({ tokens }: RotationState): Promise<boolean> => {
    const { platform } = turso.emulator;
    return (await platform.inspect(platform.database("app"), tokens?.["app"] ?? "")).state === "valid";
  };

  it("is a failure that names the token, until the token is minted again", async () => {
    const run = turso.logic();
    assert.equal((await run.diff(minting, MINTING)).changes, false);
    await run.diff(other, ROTATING);
    const hit = await run.update(other, ROTATING);
    assert.deepEqual(Object.keys(hit.failures), [OF_APP]);
    assert.equal(await isAccepted(minting), false);

    const next = turso.logic();
    assert.equal((await next.diff(hit, ROTATING)).changes, true);
    assert.equal((await next.diff(minting, MINTING)).changes, true);
    const healed = await next.update(minting, MINTING);
    assert.deepEqual([await isAccepted(healed), healed.failures], [true, {}]);
    assert.deepEqual(healed.rotations, minting.rotations);
    assert.deepEqual((await next.update(hit, ROTATING)).failures, {});
    assert.equal(turso.rotateRequests().length, 1);
  });

  it("lets the same run mint it again if that resource's turn is after the rotation", async () => {
    const run = turso.logic();
    await run.diff(other, ROTATING);
    assert.deepEqual((await run.update(other, ROTATING)).failures, {});
    assert.equal((await run.diff(minting, MINTING)).changes, true);
    const healed = await run.update(minting, MINTING);
    assert.deepEqual([await isAccepted(healed), turso.rotateRequests().length], [true, 1]);
  });

  it("is waited for while it is under way: the token is still accepted then", async () => {
    turso.onRotate("before", { type: "delay", ms: 500 });
    const run = turso.logic();
    await run.diff(other, ROTATING);
    const updated = run.update(other, ROTATING);
    while (!turso.requests().some((request) => request.includes("expiration=7d"))) await sleep(5);
    assert.deepEqual([await isAccepted(minting), turso.rotateRequests()], [true, []]);
    assert.equal((await run.diff(minting, MINTING)).changes, true);
    assert.deepEqual((await updated).failures, {});
  });

  it("is found for the tokens of a group's databases too", async () => {
    const perDatabase = { ...MINTING, scope: { group: "default" }, mint: { per: "database" as const } };
    const { state: group } = await turso.logic().create(perDatabase);
    const run = turso.logic();
    await run.diff(other, ROTATING);
    await run.update(other, ROTATING);
    assert.equal((await run.diff(group, perDatabase)).changes, true);
    assert.equal(await isAccepted(await run.update(group, perDatabase)), true);
  });

  it("does not count a token that the same run replaces", async () => {
    const renewed = { ...MINTING, mint: { expiration: "1d" } };
    const run = turso.logic();
    assert.equal((await run.diff(minting, renewed)).changes, true);
    await run.diff(other, ROTATING);
    assert.deepEqual((await run.update(other, ROTATING)).failures, {});
  });

  it("does not count a token of a resource that mints no more", async () => {
    const { mint, ...without } = MINTING;
    assert.ok(mint);
    const run = turso.logic();
    await run.diff(minting, without);
    await run.diff(other, ROTATING);
    assert.deepEqual((await run.update(other, ROTATING)).failures, {});
  });

  it("does not count a token of a resource that this run replaces", async () => {
    const replacing = { ...MINTING, scope: { group: "default" } };
    const run = turso.logic();
    assert.deepEqual((await run.diff(minting, replacing)).replaces, ["scope"]);
    assert.deepEqual((await run.create(replacing)).state.failures, {});
    assert.equal(await isAccepted(minting), false);
  });

  it("costs a run in which nothing rotates no request", async () => {
    await turso.logic().diff(minting, MINTING);
    assert.deepEqual(turso.requests(), []);
  });
});
