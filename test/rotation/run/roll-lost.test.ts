import assert from "node:assert/strict";
import { mock } from "node:test";
import { rollAll } from "../../../src/rotation/run/roll";
import { errorOf, failedLookup, goneOf } from "../results";
import { ACCEPTED, Organization, database, refusedWith } from "./organization";
import { roll } from "./roller";
import { settingsWith } from "./settings";

describe("a lost response", () => {
  const ONE = { team: ["a"] };
  const at = "2026-02-28T12:00:00.000Z";

  it("is sent once more in the same roll if the rotation did not happen", async () => {
    let tries = 0;
    const lost = errorOf({ status: 500, answer: "the API answered 500", effect: "unknown" });
    const organization = new Organization(ONE, "database", {
      isCarriedOut: false,
      rotate: () => ((tries += 1) === 1 ? lost : undefined),
    });
    const { results } = await roll(organization, [organization.task(database("a"))], { mints: false });
    const result = results.get("a");
    assert.ok(result?.kind === "rotated");
    assert.deepEqual([result.verification, tries], ["verified", 2]);
  });

  it("that is sent again leaves no member with a token that the second request invalidated", async () => {
    let tries = 0;
    const lost = errorOf({ status: 500, answer: "the API answered 500", effect: "unknown" });
    const organization = new Organization({ team: ["a", "b"], other: ["c"] }, "group", {
      isCarriedOut: false,
      rotate: ({ name }) => (name === "a" && (tries += 1) === 1 ? lost : undefined),
      // old tokens outlive the first proof
      probe: (_, token) => (tries < 2 && / 0 #/.test(token) ? ACCEPTED : undefined),
    });
    const tasks = ["a", "b", "c"].map((name) => organization.task(database(name)));
    const { kinds, minter } = await roll(organization, tasks);
    assert.deepEqual(kinds, { a: "rotated", b: "rotated", c: "rotated" });
    assert.equal(tries, 2);
    for (const [name, minted] of minter.minted)
      assert.deepEqual(await organization.client.probe(name, minted.token), ACCEPTED, name);
    assert.equal(organization.order.filter((each) => each === "mint c").length, 1);
  });

  it("that an earlier run left, and that is sent again, leaves no member with a token that it invalidated", async () => {
    const organization = new Organization({ team: ["a", "b"] }, "group");
    const token = organization.token(database("a"));
    const canary = { label: "database" as const, target: database("a"), token, hostname: "a" };
    const pending = { status: "unknown" as const, at, answer: "no answer", canaries: [canary] };
    const tasks = [
      organization.task(database("a"), { pending }),
      organization.task(database("b"), { isAdopted: true }),
    ];
    const { kinds, minter } = await roll(organization, tasks, { due: ["b"] });
    assert.deepEqual(kinds, { a: "rotated", b: "adopted" });
    for (const [name, minted] of minter.minted)
      assert.deepEqual(await organization.client.probe(name, minted.token), ACCEPTED, name);
    assert.deepEqual([...minter.minted.keys()].sort(), ["a", "b"]);
  });

  it("that an earlier run left is resolved, and not sent again, where it happened", async () => {
    const organization = new Organization(ONE);
    const token = organization.token(database("a"));
    organization.rotated(database("a"));
    const pending = {
      status: "unknown" as const,
      at: "2026-02-28T12:00:00.000Z",
      answer: "no answer",
      canaries: [{ label: "database" as const, target: database("a"), token, hostname: "a" }],
    };
    const { kinds } = await roll(organization, [organization.task(database("a"), { pending })], {
      mints: false,
    });
    assert.deepEqual(kinds, { a: "rotated" });
    assert.ok(!organization.log.includes("rotate a"));
  });

  for (const [status, sent, minted] of [
    ["unknown", {}, ["full-access"]],
    ["unproven", {}, []],
    ["unproven", { isReached: true }, ["full-access"]],
  ] as const)
    it(`tries what may have to be minted before it is sent again: ${status} ${JSON.stringify(sent)}`, async () => {
      const organization = new Organization(ONE);
      const token = organization.token(database("a"));
      organization.rotated(database("a"));
      const canary = { label: "database" as const, target: database("a"), token, hostname: "a" };
      const pending = { status, at, answer: "no answer", canaries: [canary], ...sent };
      const followers = [{ scope: { database: "a" } }];
      const { kinds } = await roll(organization, [organization.task(database("a"), { pending })], {
        mints: false,
        followers,
      });
      assert.deepEqual(kinds, { a: "rotated" });
      const tried = organization.minted.map(({ options }) => options.authorization);
      assert.deepEqual(
        tried.filter((authorization) => authorization === "full-access"),
        minted,
      );
    });

  for (const isRefused of [true, false])
    it(`is ${isRefused ? "not " : ""}sent again if the API ${isRefused ? "refuses to mint" : "mints"} the token that would be needed`, async () => {
      const organization = new Organization(ONE, "database", {
        mint: (_, { authorization }) =>
          isRefused && authorization === "full-access" ? refusedWith(400) : undefined,
      });
      const token = organization.token(database("a"));
      const canary = { label: "database" as const, target: database("a"), token, hostname: "a" };
      const pending = { status: "unknown" as const, at, answer: "no answer", canaries: [canary] };
      const { results } = await roll(organization, [organization.task(database("a"), { pending })]);
      assert.equal(organization.log.filter((each) => each === "rotate a").length, isRefused ? 0 : 1);
      const result = results.get("a");
      assert.equal(result?.kind, isRefused ? "failed" : "rotated");
      if (isRefused)
        assert.match(result?.error?.message ?? "", /no token could be minted .* the API answered 400/);
    });

  it("of a member that is gone by now is not resolved", async () => {
    const organization = new Organization(ONE);
    const pending = {
      status: "unknown" as const,
      at: "2026-02-28T12:00:00.000Z",
      answer: "no answer",
      canaries: [],
    };
    const task = organization.task(database("a"), { pending, lookup: goneOf("database", "a") });
    assert.deepEqual((await roll(organization, [task], { mints: false })).kinds, { a: "gone" });
  });

  it("stays unknown, and is not sent again, if its target cannot be looked up", async () => {
    const organization = new Organization(ONE);
    const pending = { status: "unknown" as const, at, answer: "no answer", canaries: [] };
    const task = organization.task(database("a"), { pending, lookup: failedLookup(500) });
    assert.deepEqual((await roll(organization, [task], { mints: false })).kinds, { a: "unknown" });
  });

  it("is not given up if verify is off by now", async () => {
    const organization = new Organization(ONE);
    const pending = { status: "unknown" as const, at, answer: "no answer", canaries: [] };
    const task = organization.task(database("a"), { pending });
    assert.deepEqual((await roll(organization, [task], { mints: false, verify: "off" })).kinds, {
      a: "unknown",
    });
  });
});

describe("a rotation that an earlier run has not proven", () => {
  const ONE = { team: ["a"] };

  it("is proven with its canary token", async () => {
    const organization = new Organization(ONE);
    const token = organization.token(database("a"));
    organization.rotated(database("a"));
    const canary = { label: "database" as const, target: database("a"), token, hostname: "a" };
    const pending = { status: "unproven" as const, at: "2026-02-28T12:00:00.000Z", canaries: [canary] };
    const task = organization.task(database("a"), { pending });
    const result = (await roll(organization, [task], { mints: false })).results.get("a");
    assert.ok(result?.kind === "rotated");
    assert.deepEqual([result.verification, result.isNew], ["verified", false]);
  });

  it("is given up as a rotation without proof if verify is off by now", async () => {
    const organization = new Organization(ONE);
    const pending = { status: "unproven" as const, at: "2026-02-28T12:00:00.000Z", canaries: [] };
    const task = organization.task(database("a"), { pending });
    const { results } = await roll(organization, [task], { mints: false, verify: "off" });
    assert.deepEqual(results.get("a"), {
      kind: "rotated",
      at: pending.at,
      isNew: false,
      verification: "unverified",
    });
    assert.deepEqual(organization.log, []);
  });

  it("is given up together with the token that it left to mint, which is minted", async () => {
    const organization = new Organization(ONE);
    const pending = {
      status: "unproven",
      at: "2026-02-28T12:00:00.000Z",
      canaries: [],
      isNotMinted: true,
    } as const;
    const task = organization.task(database("a"), { pending });
    await roll(organization, [task], { verify: "off" });
    assert.deepEqual(organization.log, ["mint a"]);
  });
});

describe("the progress of a roll", () => {
  const NAMES = ["a", "b", "c"];
  afterEach(() => mock.timers.reset());

  it("is reported every 5 s with what is done, and no longer at the end", async () => {
    mock.timers.enable({ apis: ["setInterval"] });
    const sentences: string[] = [];
    const organization = new Organization({ one: ["a"], two: ["b"], three: ["c"] }, "database", {
      rotate: ({ name }) => {
        if (name === "a") mock.timers.tick(5_000);
        return name === "b" ? errorOf() : undefined;
      },
    });
    const run = settingsWith(organization.client, [], { isList: true, verify: "off" });
    const tasks = NAMES.map((name) => organization.task(database(name)));
    await rollAll(run, tasks, 1, (sentence) => sentences.push(sentence));
    mock.timers.tick(20_000);
    assert.equal(sentences.length, 1);
    assert.match(sentences[0] ?? "", /^1 of 3 rotated, 1 failed, 1 remaining, about \S+ (ms|s)\.$/);
  });

  it("counts the members that the first rotation of their group reached", async () => {
    mock.timers.enable({ apis: ["setInterval"] });
    const sentences: string[] = [];
    const organization = new Organization({ team: NAMES }, "group", {
      mint: (_, { expiration }) => {
        if (
          expiration === "1h" &&
          organization.minted.filter((each) => each.options.expiration === "1h").length > 2
        )
          mock.timers.tick(5_000);
        return undefined;
      },
    });
    const run = settingsWith(organization.client, [], { isList: true, verifyTimeoutMs: 20 });
    const tasks = NAMES.map((name) => organization.task(database(name)));
    await rollAll(run, tasks, 1, (sentence) => sentences.push(sentence));
    assert.match(sentences.at(-1) ?? "", /^3 of 3 rotated, 0 failed, 0 remaining\.$/);
  });
});
