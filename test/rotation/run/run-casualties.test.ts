import assert from "node:assert/strict";
import type { Context } from "../../../src/core/context";
import { rotationResource, tokenResource } from "../../../src/hosts/shared/resource";
import type { RotationState } from "../../../src/rotation/state";
import type { TokenInputs, TokenState } from "../../../src/token/state";
import { FakeTurso, inputs } from "../../support/fake-turso";

const ROTATING = inputs({ verify: "auto" });
const FULL: TokenInputs = { scope: { database: "reports" }, organization: "acme" };
const READING: TokenInputs = { ...FULL, authorization: "read-only" };
const OF_BOTH = ["token of acme/databases/reports (1 of 2)", "token of acme/databases/reports (2 of 2)"];

describe("a rotation that invalidates two tokens of one target", () => {
  const turso = FakeTurso.use();
  let tokens: [inputs: TokenInputs, state: TokenState][];
  let rotation: RotationState;
  /** The run that invalidates them. */
  let run: Context;

  const create = async (inRun: Context, news: TokenInputs) => (await tokenResource(inRun).create(news)).state;

  beforeEach(async () => {
    run = turso.context();
    tokens = [];
    for (const each of [FULL, READING]) tokens.push([each, await create(run, each)]);
    ({ state: rotation } = await rotationResource(run).create(ROTATING));
  });

  async function rotate(inRun: Context): Promise<void> {
    if ((await rotationResource(inRun).diff(rotation, ROTATING)).changes)
      rotation = await rotationResource(inRun).update(rotation, ROTATING);
  }

  async function mint(inRun: Context): Promise<void> {
    for (const entry of tokens)
      if ((await tokenResource(inRun).diff(entry[1], entry[0])).changes)
        entry[1] = await tokenResource(inRun).update(entry[1], entry[0]);
  }

  const failures = (): string[] => Object.keys(rotation.failures);

  const states = (): Promise<string[]> => {
    const { platform } = turso.emulator;
    const database = platform.database("reports");
    return Promise.all(tokens.map(async ([, { token }]) => (await platform.inspect(database, token)).state));
  };

  it("names both in every run until both are minted again", async () => {
    assert.deepEqual(failures(), OF_BOTH);
    const { casualties = {} } = rotation;
    for (let i = 0; i < 2; i += 1) {
      const next = turso.context();
      await mint(next);
      await rotate(next);
      assert.deepEqual([failures(), rotation.casualties], [OF_BOTH, casualties]);
    }
    assert.equal((await states()).includes("valid"), false);

    const next = turso.context();
    assert.equal((await rotationResource(next).diff(rotation, ROTATING)).changes, true);
    await mint(next);
    await rotate(next);
    assert.deepEqual(await states(), ["valid", "valid"]);
    assert.deepEqual([failures(), rotation.casualties], [[], undefined]);
    assert.equal(turso.rotations().length, 1);
  });

  it("names the second one alone once the first one is minted again", async () => {
    const next = turso.context();
    const [first] = tokens;
    assert.ok(first);
    first[1] = await tokenResource(next).update({ ...first[1], rejected: true }, first[0]);
    await rotate(next);
    assert.deepEqual(failures(), ["token of acme/databases/reports"]);
  });

  it("still names both when the program gets a third one", async () => {
    const next = turso.context();
    await mint(next);
    await create(next, FULL);
    await rotate(next);
    assert.deepEqual(failures(), OF_BOTH);
  });

  it("forgets those that were minted again after its turn, in the next run", async () => {
    const first = turso.context();
    await rotate(first);
    assert.deepEqual(failures(), OF_BOTH);
    await mint(first);
    assert.deepEqual(await states(), ["valid", "valid"]);

    for (const entry of tokens) entry[0] = { ...entry[0], verifyTimeout: "9s" };
    const next = turso.context();
    await mint(next);
    await rotate(next);
    assert.deepEqual([failures(), rotation.casualties], [[], undefined]);
    const replaced = tokens.map(([, state]) => state.replaced?.length);
    assert.deepEqual(replaced, [1, 1]);
  });

  it("forgets those that were minted again twice after its turn", async () => {
    const first = turso.context();
    await rotate(first);
    await mint(first);
    const next = turso.context();
    await rotationResource(next).diff(rotation, ROTATING);
    for (const [news, old] of tokens) await tokenResource(next).update(old, { ...news, expiration: "9d" });
    await rotate(next);
    assert.deepEqual(failures(), []);
  });

  it("forgets those that are minted again without being tried", async () => {
    const next = turso.context();
    for (const [news, old] of tokens)
      await tokenResource(next).update(old, { ...news, expiration: "9d", verify: "off" });
    await rotate(next);
    assert.deepEqual(failures(), []);
  });

  it("forgets those that were minted again later in the run that invalidated them, in the next run", async () => {
    for (const entry of tokens) entry[1] = await tokenResource(run).update(entry[1], entry[0]);
    assert.deepEqual(await states(), ["valid", "valid"]);
    const next = turso.context();
    await mint(next);
    await rotate(next);
    assert.deepEqual(failures(), []);
  });
});

describe("a rotation that invalidates a token which another resource minted", () => {
  const turso = FakeTurso.use();
  const MINTING = inputs({ scope: { database: "reports" }, mint: {}, verify: "auto" });

  it("forgets it in the next run if it was minted again after the rotation's turn", async () => {
    const start = turso.context();
    let { state: minting } = await rotationResource(start).create(MINTING);
    let { state: rotating } = await rotationResource(start).create(ROTATING);
    assert.deepEqual(Object.keys(rotating.failures), ["token of acme/databases/reports"]);

    const first = turso.context();
    await rotationResource(first).diff(rotating, ROTATING);
    rotating = await rotationResource(first).update(rotating, ROTATING);
    assert.equal((await rotationResource(first).diff(minting, MINTING)).changes, true);
    minting = await rotationResource(first).update(minting, MINTING);
    assert.equal(minting.replaced?.length, 1);

    const next = turso.context();
    assert.equal((await rotationResource(next).diff(minting, MINTING)).changes, false);
    await rotationResource(next).diff(rotating, ROTATING);
    rotating = await rotationResource(next).update(rotating, ROTATING);
    assert.deepEqual([rotating.failures, rotating.casualties], [{}, undefined]);

    const last = turso.context();
    minting = await rotationResource(last).update(minting, { ...MINTING, verifyTimeout: "9s" });
    assert.equal("replaced" in minting, false, "nobody counts it any more");
  });
});
