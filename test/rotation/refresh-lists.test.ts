import assert from "node:assert/strict";
import type { SavedCanary } from "../../src/core/canary";
import type { Pending, RotationState } from "../../src/rotation/state";
import { Fleet, NAMES, inputs } from "../support/fleet";
import { LOST } from "./results";

const AT = "2026-02-28T12:00:00.000Z";

async function refreshed(fleet: Fleet, state: RotationState): Promise<RotationState> {
  fleet.emulator.clearLog();
  fleet.messages.length = 0;
  const seen = await fleet.logic().read("acme/databases", state);
  assert.ok(!seen.gone);
  return seen.state;
}

/** What a run leaves of a rotation whose old tokens it did not see rejected. */
const unproven = (token: string, name: string, hostname: string): Pending => {
  const canary: SavedCanary = { label: "database", target: { kind: "database", name }, token, hostname };
  return { status: "unproven", at: AT, canaries: [canary] };
};

/** A list's state without `mint` in which one member's rotation is not proven, and the canary token of it. */
async function withUnproven(fleet: Fleet, name: string, changes: Partial<RotationState> = {}) {
  const { state } = await fleet.logic().create(inputs({ verify: "off" }));
  const { mint, tokens = {}, endpoints = {}, verify, ...rest } = state;
  assert.ok(mint && verify);
  const pending = unproven(tokens[name] ?? "", name, endpoints[name]?.hostname ?? "");
  const olds: RotationState = {
    ...rest,
    verifyTimeout: "1s",
    verification: "unverified",
    pending: { [name]: pending },
    failures: { [name]: "not proven" },
    ...changes,
  };
  return { olds, pending };
}

const requests = (fleet: Fleet): string[] =>
  fleet.emulator.log.map(({ plane, method, path }) =>
    `${plane} ${method} ${path}`.replace("/v1/organizations/acme", "~"),
  );

describe("a refresh of a list's proofs", () => {
  it("sees that old tokens are rejected by now, and looks up and tries no other member", () =>
    Fleet.with({}, async (fleet) => {
      const { olds } = await withUnproven(fleet, "t2");
      fleet.emulator.platform.rotateDatabase("t2");
      const next = await refreshed(fleet, olds);
      assert.deepEqual([next.pending, next.failures], [undefined, {}]);
      assert.deepEqual([next.rotationId, next.rotationCount], [olds.rotationId, olds.rotationCount]);
      assert.deepEqual(fleet.messages, []);
      const looked = requests(fleet).filter((each) => each.startsWith("control GET ~/databases/"));
      assert.deepEqual(looked, ["control GET ~/databases/t2"]);
      assert.equal(fleet.count("rotate"), 0);
    }));

  it("keeps what is still not proven, with its canary token", () =>
    Fleet.with({}, async (fleet) => {
      const { olds, pending } = await withUnproven(fleet, "t2");
      const next = await refreshed(fleet, olds);
      assert.deepEqual([next.pending, next.verification], [{ t2: pending }, "unverified"]);
      assert.match(
        fleet.messages.join("\n"),
        /t2: rotated, but (old tokens are still accepted after|within \S+ s it could not be seen whether) /,
      );
    }));

  it("sends no request under verify off", () =>
    Fleet.with({}, async (fleet) => {
      const { olds, pending } = await withUnproven(fleet, "t2", { verify: "off" });
      fleet.emulator.platform.rotateDatabase("t2");
      const next = await refreshed(fleet, olds);
      assert.deepEqual(next.pending, { t2: pending });
      assert.deepEqual(
        requests(fleet).filter((each) => !each.startsWith("control GET")),
        [],
      );
    }));

  it("sends no request for a list that mints nothing and is proven", () =>
    Fleet.with({}, async (fleet) => {
      const { olds } = await withUnproven(fleet, "t2", { pending: { t2: LOST } });
      assert.deepEqual(await refreshed(fleet, olds), olds);
      assert.deepEqual([requests(fleet), fleet.messages], [[], []]);
    }));
});

describe("a refresh of a list's tokens", () => {
  it("changes nothing and says nothing if all are accepted", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(inputs());
      assert.deepEqual(await refreshed(fleet, state), state);
      assert.deepEqual(fleet.messages, []);
    }));

  it("leaves those that are rejected to the next update, and names each once in one warning", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(inputs());
      const { platform } = fleet.emulator;
      platform.rotateDatabase("t1");
      platform.deleteDatabase("t3");
      await platform.createDatabase("t3", "tenants");
      const next = await refreshed(fleet, state);
      assert.deepEqual(next, {
        ...state,
        pending: { t3: { status: "not-minted" }, t1: { status: "not-minted" } },
      });
      assert.deepEqual(fleet.messages, [
        "acme/databases: the databases reject the tokens of t3, t1, so the next update mints new ones.",
      ]);
    }));

  it("leaves those of members that were gone and are there again to the next update", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(inputs());
      const { platform } = fleet.emulator;
      platform.deleteDatabase("t2");
      const next = await refreshed(fleet, { ...state, gone: ["t1", "t2"] });
      assert.deepEqual([next.gone, next.pending], [["t2"], { t1: { status: "not-minted" } }]);
      await platform.createDatabase("t2", "tenants");
      assert.equal("gone" in (await refreshed(fleet, { ...state, gone: ["t2"] })), false);
    }));

  it("leaves a rejected token to the next update, whatever else is to be done for its member", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(inputs());
      fleet.emulator.platform.rotateDatabase("t1");
      const next = await refreshed(fleet, { ...state, pending: { t1: LOST } });
      assert.deepEqual(next.pending, { t1: { ...LOST, isNotMinted: true } });
    }));

  it("keeps the tokens that were valid when the resource still minted, and tries them", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(inputs());
      const { mint, ...olds } = state;
      assert.ok(mint);
      assert.deepEqual(await refreshed(fleet, olds), olds);
    }));
});

describe("a refresh of all databases", () => {
  const all = inputs({ scope: { databases: "all" }, verify: "off" });

  it("reports what joined, whose tokens the next update mints, and drops what was deleted", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(all);
      for (const name of ["new", "newer"]) await fleet.emulator.platform.createDatabase(name, "solo");
      fleet.emulator.platform.deleteDatabase("lone");
      const next = await refreshed(fleet, state);
      assert.deepEqual(next.pending, { new: { status: "not-minted" }, newer: { status: "not-minted" } });
      assert.deepEqual(Object.keys(next.tokens ?? {}).sort(), NAMES);
      assert.deepEqual(Object.keys(next.rotations).sort(), NAMES);
      assert.deepEqual(fleet.messages, [
        "acme/databases: new, newer joined the organization; the next update mints their tokens, without a rotation.",
      ]);
    }));

  it("does not mention what joined if it mints nothing", () =>
    Fleet.with({}, async (fleet) => {
      const { mint, ...unminted } = all;
      assert.ok(mint);
      const { state } = await fleet.logic().create({ ...unminted, verify: "off" });
      await fleet.emulator.platform.createDatabase("new", "solo");
      assert.deepEqual(await refreshed(fleet, state), state);
      assert.deepEqual(fleet.messages, []);
    }));

  it("keeps the members on record if they cannot be listed, and warns why", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(all);
      const blind = fleet.emulator.createApiToken({ permissions: ["db:mint-token"] });
      fleet.messages.length = 0;
      const seen = await fleet.logic(blind).read("acme/databases", state);
      assert.deepEqual(seen, { gone: false, state });
      assert.equal(fleet.messages.length, 1);
      assert.match(
        fleet.messages[0] ?? "",
        /^Listing the databases of acme: .*403.* The state stays as it is\.$/,
      );
    }));
});
