import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import {
  assertRotationLimit,
  assertRecovered,
  interrupt,
  isAlive,
  killAll,
  program,
  randomFrom,
  randomMoment,
  treeOf,
  waitFor,
} from "./soak-kill";
import { Sandbox, inSandbox } from "./sandbox";

const SEED = Number(process.env["KILL_SEED"] ?? Date.now() % 1_000_000);
const UP = ["up", "--yes", "--skip-preview"];

interface Deployment {
  deployment: { pending_operations?: { type: string }[] };
}

/** The pending operations in Pulumi's state. */
const pendingOf = async ({ stack }: Sandbox): Promise<string[]> =>
  ((JSON.parse(await stack.state()) as Deployment).deployment.pending_operations ?? []).map(
    ({ type }) => type,
  );

describe(`an interrupted up (seed ${SEED})`, () => {
  let sandbox: Sandbox;
  const random = randomFrom(SEED);
  before(async () => {
    sandbox = await Sandbox.create({ program: program(0) });
  });
  after(() => sandbox.close());

  it("killed during a create, after the rotation: the next up recovers with at most one more rotation", async () => {
    const result = await interrupt(sandbox, 1, "SIGKILL", 1_300);
    assertRotationLimit(result);
    assert.equal(result.wasLocked, true);
    await assertRecovered(sandbox);
  });

  it("an interrupted create stays in the state until a refresh clears it, and causes no rotation", async () => {
    const rotations = sandbox.rotations.length;
    // nothing is pending if the previous test's kill did not hit a create
    assert.ok((await pendingOf(sandbox)).every((type) => type === "creating"));
    await sandbox.stack.must("refresh", "--yes", "--skip-preview", "--clear-pending-creates");
    assert.deepEqual(await pendingOf(sandbox), []);
    assert.equal(sandbox.rotations.length, rotations);
  });

  it("killed at a random moment of an update: the next up recovers with at most one more rotation", async () => {
    assertRotationLimit(await interrupt(sandbox, 2, "SIGKILL", randomMoment(random)));
    await assertRecovered(sandbox);
    assert.deepEqual(await pendingOf(sandbox), []);
  });

  it("interrupted by SIGINT at a random moment: the running operations finish, and nothing is rotated twice", async () => {
    const result = await interrupt(sandbox, 3, "SIGINT", randomMoment(random));
    assertRotationLimit(result);
    assert.deepEqual([result.wasLocked, result.orphans], [false, 0]);
    await assertRecovered(sandbox);
  });
});

describe("a provider process that outlives the CLI", () => {
  it("does not rotate after the next up may have minted a token", () =>
    inSandbox({ program: program(1) }, async (sandbox) => {
      const { platform } = sandbox.turso;
      const mint = platform.mintDatabaseToken.bind(platform);
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      platform.mintDatabaseToken = async (...args) => {
        // only the first up's canary request waits
        platform.mintDatabaseToken = mint;
        await released;
        return mint(...args);
      };
      const { child } = sandbox.stack.start(...UP);
      await waitFor("the canary", () => sandbox.calls.some((call) => call.includes("/auth/tokens")));
      const tree = treeOf(child.pid ?? 0);
      try {
        process.kill(-(child.pid ?? 0), "SIGKILL");
        await waitFor("the CLI to exit", () => child.signalCode !== null);
        assert.ok(tree.some(isAlive), "no process outlives the CLI: this test proves nothing");
        await sandbox.stack.must("cancel", "--yes");
        await sandbox.up();
        assert.deepEqual(sandbox.rotations, ["databases/app"]);
        release();
        await sleep(3_000);
        assert.deepEqual(sandbox.rotations, ["databases/app"], "the orphaned process rotated");
        await assertRecovered(sandbox);
      } finally {
        release();
        killAll(tree);
      }
    }));
});
