import assert from "node:assert/strict";
import { failure } from "../../support/fake-turso";
import { Fleet, NAMES, inputs } from "../../support/fleet";

describe("a TokenRotation with mint", () => {
  let slowDown = (): void => undefined;
  for (const verify of ["auto", "off"] as const)
    it(`mints a valid token for each target: verify ${verify}`, () =>
      Fleet.with({}, async (fleet) => {
        const { state } = await fleet.logic().create(inputs({ verify }));
        assert.deepEqual(Object.keys(state.tokens ?? {}).sort(), NAMES);
        assert.deepEqual(await fleet.accepted(state), NAMES);
        assert.deepEqual([state.failures, state.pending], [{}, undefined]);
        assert.equal(fleet.count("rotate"), 4);
      }));

  it("mints each target's token right after its rotation where a rotation reaches its own database", () =>
    Fleet.with({}, async (fleet) => {
      await fleet.logic().create(inputs({ parallelism: 1 }));
      const { order } = fleet;
      for (const [i, each] of order.entries())
        if (each.startsWith("rotate")) assert.equal(order[i + 1], each.replace("rotate", "mint"));
      assert.equal(fleet.count("mint"), 5, "one to see whether minting is permitted, one for each target");
    }));

  it("rotates a group once where that reaches all of its databases, and mints all tokens after it", () =>
    Fleet.with({ serverGeneration: "legacy-group" }, async (fleet) => {
      const { state } = await fleet.logic().create(inputs());
      assert.equal(fleet.count("rotate"), 1);
      assert.deepEqual(await fleet.accepted(state), NAMES);
      assert.deepEqual(Object.keys(state.rotations).sort(), NAMES);
      assert.deepEqual(state.reach, {
        tenants: { database: "rejected", group: "rejected", siblings: "rejected" },
      });
      assert.equal(state.verification, "verified");
    }));

  it("mints for a group that was rotated once without waiting until each token is accepted", async () => {
    const slowMs = 100;
    await Fleet.with(
      {
        serverGeneration: "legacy-group",
        onRequest: ({ path }) => {
          if (path.endsWith("/auth/rotate")) slowDown();
        },
      },
      async (fleet) => {
        slowDown = () =>
          fleet.emulator.fault({
            plane: "data",
            path: /^/,
            when: "before",
            action: { type: "delay", ms: slowMs },
            times: Infinity,
          });
        await fleet.logic().create(inputs({ parallelism: 1 }));
        const mints = fleet.emulator.log.filter(({ path }) => /\/auth\/tokens\?(?!.*read-only)/.test(path));
        assert.equal(mints.length, 5, "one to see whether minting is permitted, one for each target");
        const [second = NaN, last = NaN] = [mints[2]?.at, mints[4]?.at];
        assert.ok(last - second < slowMs, `three tokens were minted in ${last - second} ms`);
      },
    );
  });

  it("rotates all members before it mints if it cannot know what a rotation reaches", () =>
    Fleet.with({ serverGeneration: "legacy-group" }, async (fleet) => {
      const { state } = await fleet.logic().create(inputs({ verify: "off" }));
      assert.equal(fleet.count("rotate"), 4);
      assert.deepEqual(await fleet.accepted(state), NAMES);
    }));

  it("publishes all tokens if one target's rotation fails, and rotates only that one later", () =>
    Fleet.with({}, async (fleet) => {
      fleet.emulator.fault({
        method: "POST",
        path: /t3\/auth\/rotate$/,
        plane: "control",
        when: "before",
        action: { type: "status", status: 402, body: '{"error":"pay"}' },
      });
      const { state } = await fleet.logic().create(inputs());
      assert.deepEqual(Object.keys(state.failures), ["t3"]);
      assert.deepEqual(await fleet.accepted(state), NAMES);
      fleet.emulator.clearLog();
      const next = await fleet.logic().update(state, inputs());
      assert.deepEqual(fleet.order, ["mint t3", "rotate t3", "mint t3"]);
      assert.deepEqual(await fleet.accepted(next), NAMES);
      assert.deepEqual(next.failures, {});
    }));

  it("mints a token that could not be minted in the next run, without another rotation", () =>
    Fleet.with({}, async (fleet) => {
      fleet.emulator.fault({
        method: "POST",
        path: /t2\/auth\/tokens\?expiration=90d/,
        plane: "control",
        when: "before",
        action: { type: "status", status: 409, body: '{"error":"busy"}' },
      });
      const { state } = await fleet.logic().create(inputs());
      assert.deepEqual(state.pending, { t2: { status: "not-minted" } });
      assert.match(
        state.failures["t2"] ?? "",
        /^minting its token failed: the API answered 409 \(busy\)\. It was rotated, so it has no valid token\./,
      );
      fleet.emulator.clearLog();
      const next = await fleet.logic().update(state, inputs());
      assert.deepEqual(fleet.order, ["mint t2"]);
      assert.deepEqual(await fleet.accepted(next), NAMES);
      assert.deepEqual([next.pending, next.failures], [undefined, {}]);
    }));

  it("rotates no further target once as many as maxUnavailable are without a token", () =>
    Fleet.with({}, async (fleet) => {
      const names = ["s1", "s2", "s3", "s4"];
      for (const name of names) {
        fleet.emulator.platform.createGroup(`group-of-${name}`);
        await fleet.emulator.platform.createDatabase(name, `group-of-${name}`);
      }
      fleet.emulator.fault({
        method: "POST",
        path: /\/auth\/tokens\?expiration=90d/,
        plane: "control",
        when: "before",
        action: { type: "status", status: 409, body: '{"error":"busy"}' },
        times: Infinity,
      });
      const { state } = await fleet
        .logic()
        .create(inputs({ scope: { databases: names }, maxUnavailable: 2, parallelism: 4 }));
      assert.equal(fleet.count("rotate"), 2);
      assert.deepEqual(
        Object.values(state.pending ?? {})
          .map(({ status }) => status)
          .sort(),
        ["not-minted", "not-minted", "not-rotated", "not-rotated"],
      );
    }));

  it("stops before the first rotation if minting is not permitted, verify off or not", () =>
    Fleet.with({}, async (fleet) => {
      const apiToken = fleet.emulator.createApiToken({ permissions: ["db:rotate-creds", "read"] });
      for (const verify of ["auto", "off"] as const) {
        const error = await failure(fleet.logic(apiToken).create(inputs({ verify })));
        assert.match(
          error.message,
          /no token could be minted to replace those that the rotation invalidates/,
        );
        assert.equal(fleet.count("rotate"), 0);
      }
    }));

  it("mints for a member that joins, and nothing for the others; it rotates nothing", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(inputs({ scope: { databases: NAMES.slice(1) } }));
      fleet.emulator.clearLog();
      const next = await fleet.logic().update(state, inputs());
      assert.deepEqual(fleet.order, ["mint t1"]);
      for (const name of NAMES.slice(1)) assert.equal(next.tokens?.[name], state.tokens?.[name]);
      assert.deepEqual(await fleet.accepted(next), NAMES);
    }));

  it("drops the token of a member that leaves", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(inputs());
      const next = await fleet.logic().update(state, inputs({ scope: { databases: NAMES.slice(1) } }));
      assert.deepEqual(Object.keys(next.tokens ?? {}).sort(), NAMES.slice(1));
      assert.deepEqual(Object.keys(next.endpoints ?? {}).sort(), NAMES.slice(1));
    }));

  it("sends no request while nothing changes", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(inputs());
      fleet.emulator.clearLog();
      const logic = fleet.logic();
      assert.deepEqual(await logic.diff(state, inputs()), { changes: false, replaces: [] });
      assert.deepEqual(fleet.emulator.log, []);
    }));

  it("mints all tokens again, without a rotation, if what they may do changes", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(inputs());
      fleet.emulator.clearLog();
      const news = inputs({ mint: { expiration: "30d" } });
      assert.equal((await fleet.logic().diff(state, news)).changes, true);
      const next = await fleet.logic().update(state, news);
      assert.equal(fleet.count("rotate"), 0);
      assert.equal(fleet.count("mint"), 4);
      assert.deepEqual(await fleet.accepted(next), NAMES);
    }));

  it("mints a token for each database of a group with per", () =>
    Fleet.with({}, async (fleet) => {
      const news = inputs({ scope: { group: "tenants" }, mint: { per: "database" } });
      const { state } = await fleet.logic().create(news);
      assert.equal(fleet.count("rotate tenants"), 1);
      assert.deepEqual(await fleet.accepted(state), NAMES);
      fleet.emulator.clearLog();
      assert.equal((await fleet.logic().diff(state, news)).changes, false);
    }));

  it("lets a refresh find a rejected token, which the next update mints", () =>
    Fleet.with({}, async (fleet) => {
      const { id, state } = await fleet.logic().create(inputs());
      fleet.emulator.platform.rotateDatabase("t4");
      const seen = await fleet.logic().read(id, state);
      assert.ok(!seen.gone);
      assert.deepEqual(seen.state.pending, { t4: { status: "not-minted" } });
      fleet.emulator.clearLog();
      const next = await fleet.logic().update(seen.state, inputs());
      assert.deepEqual(fleet.order, ["mint t4"]);
      assert.deepEqual(await fleet.accepted(next), NAMES);
    }));
});
