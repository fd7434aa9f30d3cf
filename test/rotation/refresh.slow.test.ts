import assert from "node:assert/strict";
import type { RotationState } from "../../src/rotation/state";
import { Fleet, NAMES, inputs } from "../support/fleet";

const DEATH_MS = 2_500;
/** Old tokens outlive it, so that a run ends without a proof. */
const SHORT = { verifyTimeout: "1s" };

const left = ({ pending = {} }: RotationState): string[] =>
  Object.entries(pending).map(([name, { status }]) => `${name} ${status}`);

async function refreshed(fleet: Fleet, id: string, state: RotationState): Promise<RotationState> {
  const seen = await fleet.logic().read(id, state);
  assert.ok(!seen.gone);
  return seen.state;
}

describe("a refresh of rotations that were not proven", () => {
  it("finishes the proof, and sends no rotation", () =>
    Fleet.with({ deathDelayMs: DEATH_MS }, async (fleet) => {
      const news = inputs({ scope: { database: "lone" }, ...SHORT });
      const { id, state } = await fleet.logic().create(news);
      assert.deepEqual([state.verification, left(state)], ["unverified", ["lone unproven"]]);
      await new Promise((resolve) => setTimeout(resolve, DEATH_MS));
      fleet.emulator.clearLog();
      const next = await refreshed(fleet, id, state);
      assert.deepEqual([next.verification, left(next), next.failures], ["verified", [], {}]);
      assert.equal(fleet.count("rotate"), 0);
      assert.equal(next.rotationId, state.rotationId);
      fleet.emulator.clearLog();
      assert.equal((await fleet.logic().diff(next, news)).changes, false);
      assert.deepEqual(fleet.emulator.log, []);
    }));

  it("keeps what is still not proven, with its canary tokens", () =>
    Fleet.with({ deathDelayMs: 60_000 }, async (fleet) => {
      const { id, state } = await fleet.logic().create(inputs({ scope: { database: "lone" }, ...SHORT }));
      assert.deepEqual((await refreshed(fleet, id, state)).pending, state.pending);
    }));

  it("sends nothing for it under verify off", () =>
    Fleet.with({ deathDelayMs: 60_000 }, async (fleet) => {
      const { id, state } = await fleet.logic().create(inputs({ scope: { database: "lone" }, ...SHORT }));
      fleet.emulator.clearLog();
      const next = await refreshed(fleet, id, { ...state, verify: "off" });
      assert.deepEqual(left(next), ["lone unproven"]);
      const posted = fleet.emulator.log.filter(
        ({ plane, method }) => plane === "control" && method === "POST",
      );
      assert.deepEqual(posted, []);
    }));
});

describe("a refresh of tokens", () => {
  it("finds that a database was deleted and made again under its name, although its host does not answer", () =>
    Fleet.with({}, async (fleet) => {
      const { id, state } = await fleet.logic().create(inputs());
      fleet.emulator.platform.deleteDatabase("t2");
      await fleet.emulator.platform.createDatabase("t2", "tenants");
      fleet.emulator.fault({
        plane: "data",
        path: /./,
        when: "before",
        action: { type: "status", status: 404 },
        times: 99,
      });
      const next = await refreshed(fleet, id, state);
      assert.deepEqual(left(next), ["t2 not-minted"]);
      fleet.emulator.clearFaults();
      const healed = await fleet.logic().update(next, inputs());
      assert.deepEqual(await fleet.accepted(healed), NAMES);
      assert.deepEqual(left(await refreshed(fleet, id, healed)), []);
    }));

  it("forgets the sentences about tokens of other resources, which refresh themselves", () =>
    Fleet.with({}, async (fleet) => {
      const { id, state } = await fleet.logic().create(inputs());
      const hit = {
        casualties: { "0a": "acme/databases/app" },
        failures: { "token of acme/databases/app": "a rotation invalidated it" },
      };
      const next = await refreshed(fleet, id, { ...state, ...hit });
      assert.deepEqual([next.casualties, next.failures], [undefined, {}]);
    }));
});
