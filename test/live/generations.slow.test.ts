import assert from "node:assert/strict";
import { listOf } from "./databases";
import { closeAll, emulate, namesOf, reach, reached, run } from "./support";

const [DEAD, ALIVE] = ["rejected", "still accepted"];
const ALL_DEAD = reached(DEAD, DEAD, DEAD, DEAD);

describe("the live test", function () {
  this.timeout(20_000);
  afterEach(closeAll);

  it("on current servers sees a database's rotation reach only that database's tokens", async () => {
    const emulator = await emulate({ serverGeneration: "current" });
    const { page, problem } = await run(emulator);
    assert.deepEqual(reach(page, /^Rotating database A/), reached(DEAD, ALIVE, ALIVE, ALIVE));
    assert.deepEqual(reach(page, /^Rotating the group/), ALL_DEAD);
    assert.equal(problem, undefined);
    assert.match(page ?? "", /^### 2026-11-25, 127\.0\.0\.1:\d+, a group of version tech-preview\n/);
  });

  it("on legacy servers sees a database's rotation reach every token of the group", async () => {
    const { page, problem } = await run(await emulate({ serverGeneration: "legacy-group" }));
    assert.deepEqual(reach(page, /^Rotating database A/), ALL_DEAD);
    assert.deepEqual(reach(page, /^Rotating the group/), ALL_DEAD);
    assert.equal(problem, undefined);
  });

  it("records that a legacy dedicated group refuses a database's rotation, and rotates the group", async () => {
    const emulator = await emulate({ serverGeneration: "legacy-dedicated" });
    const { page, problem } = await run(emulator);
    assert.match(
      page ?? "",
      /answered with 400 and `{"error":"cannot rotate credentials for a single database in a group"}` after \d+ ms\. Nothing was watched\. Accepted after it: that of database A on A, that of database B on B, that of the group on A, that of the group on B\./,
    );
    assert.deepEqual(reach(page, /^Rotating database A/), {});
    assert.deepEqual(reach(page, /^Rotating the group/), ALL_DEAD);
    assert.equal(problem, undefined);
    assert.deepEqual(
      emulator.platform.rotations.map(({ kind }) => kind),
      ["group"],
    );
  });

  it("measures the time until tokens are rejected, for each database", async () => {
    const emulator = await emulate({ serverGeneration: "legacy-group" });
    await emulator.platform.createDatabase("a", "scratch", { deathDelayMs: 300 });
    await emulator.platform.createDatabase("b", "scratch", { deathDelayMs: 1_500 });
    const { page = "" } = await run(emulator, { timeoutMs: 4_000 });
    const rotation = page.split("#### Rotating the group")[1] ?? "";
    const after = (on: string) =>
      [...rotation.matchAll(new RegExp(`\\| before +\\| ${on} +\\| rejected after ([\\d.]+) s`, "g"))].map(
        ([, seconds]) => Number(seconds),
      );
    const [a, b] = [after("A"), after("B")];
    assert.deepEqual([a.length, b.length], [2, 2], page);
    for (const seconds of a) assert.ok(seconds >= 0.2 && seconds < 1.2, `A: ${seconds} s`);
    for (const seconds of b) assert.ok(seconds >= 1.3 && seconds < 4, `B: ${seconds} s`);
  });

  it("records a token that two edges reject and accept in turn", async () => {
    const { page = "" } = await run(await emulate({ alternatingEdgesMs: 300 }), { timeoutMs: 2_000 });
    assert.match(
      page,
      /\| database A +\| before +\| A +\| first rejected after [\d.]+ s, always after [\d.]+ s/,
    );
    assert.match(page, /\| 401 at [\d.]+ s, 200 at [\d.]+ s, 401 at /);
  });

  it("records every call to the API and every answer of the databases", async () => {
    const { page = "" } = await run(await emulate());
    const calls = [...page.matchAll(/^\| ((?:mint|rotate) .*?) +\| 200 +\| (.*?) +\| \d+ ms +\|$/gm)];
    const mints = (when: string) =>
      ["database A", "database B", "the group"].map((of) => [
        `mint a token of ${of}, ${when}`,
        '`{"jwt":"[redacted]"}`',
      ]);
    const phase = (rotate: string) => [...mints("before"), [rotate, "empty"], ...mints("after")];
    assert.deepEqual(
      calls.map(([, call, body]) => [call, body]),
      [...phase("rotate the database"), ...phase("rotate the group")],
    );
    assert.match(page, /^\| 401 +\| ``{"error":"Unauthorized: `The JWT is invalid`"}`` \|$/m);
    assert.match(page, /^\| 200 +\| `results` +\|$/m);
  });

  it("mints tokens that can only read and expire soon", async () => {
    const emulator = await emulate({}, ["a", "b"]);
    await run(emulator);
    const mints = emulator.log.filter(({ path }) => path.includes("/auth/tokens"));
    assert.equal(mints.length, 12);
    for (const { path } of mints) assert.match(path, /\?expiration=16m&authorization=read-only$/);
  });

  it("creates the databases that are missing, and deletes only those", async () => {
    for (const [existing, created] of [
      [[], 2],
      [["mine"], 1],
      [["mine", "yours", "theirs"], 0],
    ] as const) {
      const emulator = await emulate({}, existing);
      const { lines } = await run(emulator);
      const names = lines.flatMap(
        (line) => /^creating the database (live-test-[\da-f]{8})$/.exec(line)?.[1] ?? [],
      );
      assert.equal(names.length, created);
      const announced = `It creates ${names.join(" and ")}, and deletes them at the end.`;
      assert.equal(lines.includes(announced), created > 0, lines.join("\n"));
      assert.deepEqual(namesOf(emulator), existing);
      assert.equal(emulator.platform.rotations[0]?.name, existing[0] ?? names[0]);
    }
  });

  it("uses no database of another group, even if the server ignores the filter", async () => {
    const listed = [
      { Name: "shop", Hostname: "shop.example.com", group: "default" },
      { Name: "a", Hostname: "a.example.com", group: "scratch" },
      { Name: "bare", Hostname: "bare.example.com", group: "" },
    ];
    const databases = await listOf({ listDatabases: () => Promise.resolve(listed) }, "scratch");
    assert.deepEqual(
      databases.map(({ Name }) => Name),
      ["a"],
    );
  });
});
