import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import {
  assertCheap,
  assertWell,
  fall,
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

/** What Pulumi's own state calls unfinished. */
const pendingOf = async ({ stack }: Sandbox): Promise<string[]> =>
  ((JSON.parse(await stack.state()) as Deployment).deployment.pending_operations ?? []).map(
    ({ type }) => type,
  );

describe(`the CLI ended in the middle of an up (seed ${SEED})`, () => {
  let sandbox: Sandbox;
  const random = randomFrom(SEED);
  before(async () => {
    sandbox = await Sandbox.create({ program: program(0) });
  });
  after(() => sandbox.close());

  it("killed while it creates, after the rotation: one more rotation, and all is well", async () => {
    const result = await fall(sandbox, 1, "SIGKILL", 1_300);
    assertCheap(result);
    assert.equal(result.wasLocked, true);
    await assertWell(sandbox);
  });

  it("a create that was cut off stays in the state, until a refresh clears it, and costs nothing", async () => {
    const rotations = sandbox.rotations.length;
    // where the kill of the test before met no create, there is nothing to clear
    assert.ok((await pendingOf(sandbox)).every((type) => type === "creating"));
    await sandbox.stack.must("refresh", "--yes", "--skip-preview", "--clear-pending-creates");
    assert.deepEqual(await pendingOf(sandbox), []);
    assert.equal(sandbox.rotations.length, rotations);
  });

  it("killed at a random moment of an update: at most one more rotation, and all is well", async () => {
    assertCheap(await fall(sandbox, 2, "SIGKILL", randomMoment(random)));
    await assertWell(sandbox);
    assert.deepEqual(await pendingOf(sandbox), []);
  });

  it("asked to stop at a random moment: what runs comes to its end, and nothing is rotated twice", async () => {
    const result = await fall(sandbox, 3, "SIGINT", randomMoment(random));
    assertCheap(result);
    assert.deepEqual([result.wasLocked, result.orphans], [false, 0]);
    await assertWell(sandbox);
  });
});

describe("a provider process that outlives the CLI", () => {
  it("does not rotate any more once the next up may have minted", () =>
    inSandbox({ program: program(1) }, async (sandbox) => {
      const { platform } = sandbox.turso;
      const mint = platform.mintDatabaseToken.bind(platform);
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      platform.mintDatabaseToken = async (...args) => {
        // the canary of the first up waits, and only that one
        platform.mintDatabaseToken = mint;
        await released;
        return mint(...args);
      };
      const { child } = sandbox.stack.start(...UP);
      await waitFor("the canary", () => sandbox.calls.some((call) => call.includes("/auth/tokens")));
      const tree = treeOf(child.pid ?? 0);
      try {
        process.kill(-(child.pid ?? 0), "SIGKILL");
        await waitFor("the CLI's end", () => child.signalCode !== null);
        assert.ok(tree.some(isAlive), "nothing outlives the CLI any more: this test proves nothing");
        await sandbox.stack.must("cancel", "--yes");
        await sandbox.up();
        assert.deepEqual(sandbox.rotations, ["databases/app"]);
        release();
        await sleep(3_000);
        assert.deepEqual(sandbox.rotations, ["databases/app"], "the process that was left over rotated");
        await assertWell(sandbox);
      } finally {
        release();
        killAll(tree);
      }
    }));
});
