import assert from "node:assert/strict";
import { startEmulator, type Emulator, type EmulatorOptions } from "../../emulator/src";
import { proveAll, type CanaryProof, type ProofItem, type ProofOptions } from "../../src/core/proof";
import { probe } from "../../src/turso/probe";
import { closedPort } from "../support/server";

describe("the proof of rotations over HTTP", () => {
  let running: Emulator | undefined;
  afterEach(() => running?.close());

  /** An emulator with databases of these names in one group, and a canary token of each. */
  async function seed(names: readonly string[], options: EmulatorOptions = {}) {
    const emulator = (running = await startEmulator(options));
    emulator.platform.createGroup("default");
    const items: ProofItem[] = [];
    for (const name of names) {
      await emulator.platform.createDatabase(name, "default");
      const { hostname } = emulator.platform.database(name);
      const token = await emulator.platform.mintDatabaseToken(name, { authorization: "read-only" });
      items.push({
        key: name,
        canaries: [{ label: "database", target: { kind: "database", name }, token, hostname }],
      });
    }
    return { emulator, items };
  }

  /** Rotates every item's database and mints a newer token for it. */
  async function rotate({ platform }: Emulator, items: readonly ProofItem[]): Promise<ProofItem[]> {
    for (const { key } of items) platform.rotateDatabase(key);
    return Promise.all(
      items.map(async (each) => ({
        ...each,
        control: { token: await platform.mintDatabaseToken(each.key) },
      })),
    );
  }

  async function prove({ url }: { url: string }, items: ProofItem[], options: Partial<ProofOptions> = {}) {
    const start = performance.now();
    const proofs = await proveAll(items, {
      ask: (hostname, token, limits) => probe({ apiUrl: url }, hostname, token, limits),
      clock: () => new Date(),
      deadlineMs: 10_000,
      ...options,
    });
    const each = [...proofs.values()].flat();
    return { each, first: each[0], tookMs: performance.now() - start };
  }

  const countOf = (each: readonly CanaryProof[], verdict: CanaryProof["verdict"]): number =>
    each.filter((proof) => proof.verdict === verdict).length;
  const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `db-${n}`);

  it("rejects old tokens beside newer ones", async () => {
    const { emulator, items } = await seed(["a", "b"]);
    const { each, tookMs } = await prove(emulator, await rotate(emulator, items));
    assert.equal(countOf(each, "rejected"), 2);
    assert.ok(tookMs < 2_000, `${tookMs} ms`);
    const statuses = emulator.log.filter(({ database }) => database === "a").map(({ status }) => status);
    assert.deepEqual(statuses, [401, 401, 401, 200, 401]);
  });

  it("sees old tokens accepted if nothing was rotated", async () => {
    const { emulator, items } = await seed(["a"]);
    const { first, tookMs } = await prove(emulator, items, { deadlineMs: 700 });
    assert.equal(first?.verdict, "accepted");
    assert.ok(tookMs >= 690 && tookMs < 1_500, `${tookMs} ms`);
  });

  it("follows the death delay of each database", async () => {
    const { emulator, items } = await seed(["a", "b"], {
      deathDelayMs: ({ name }) => (name === "a" ? 300 : 1_200),
    });
    const { each } = await prove(emulator, await rotate(emulator, items));
    assert.equal(countOf(each, "rejected"), 2);
    const [a = 0, b = 0] = each.map(({ afterMs }) => afterMs);
    assert.ok(a >= 250 && a < 1_200 && b >= 1_100 && b < 2_500, `${a} and ${b} ms`);
  });

  it("leaves a database unproven whose old tokens outlive the grace period of others", async () => {
    const { emulator, items } = await seed(["a", "b"], {
      deathDelayMs: ({ name }) => (name === "a" ? 0 : 60_000),
    });
    const { each, tookMs } = await prove(emulator, await rotate(emulator, items));
    assert.deepEqual(
      each.map(({ verdict }) => verdict),
      ["rejected", "accepted"],
    );
    assert.ok(tookMs >= 1_900 && tookMs < 3_000, `${tookMs} ms`);
  });

  it("is not misled by two edges that answer in turn", async () => {
    const { emulator, items } = await seed(["a"], { alternatingEdgesMs: 60_000 });
    const forever = await prove(emulator, await rotate(emulator, items));
    assert.notEqual(forever.first?.verdict, "rejected");
    assert.ok(forever.tookMs < 3_000, `${forever.tookMs} ms`);
  });

  it("succeeds once the two edges agree", async () => {
    const { emulator, items } = await seed(["a"], { alternatingEdgesMs: 800 });
    const { first } = await prove(emulator, await rotate(emulator, items));
    assert.equal(first?.verdict, "rejected");
    assert.ok((first.afterMs ?? 0) >= 600, `${first.afterMs} ms`);
  });

  it("is not misled by a gateway that answers 401, neither once nor always", async () => {
    const { emulator, items } = await seed(["a"]);
    const control = { token: await emulator.platform.mintDatabaseToken("a") };
    const withControl = items.map((each) => ({ ...each, control }));
    const gateway = (times: number, body: string) =>
      emulator.fault({
        plane: "data",
        path: /./,
        when: "before",
        action: { type: "status", status: 401, body },
        times,
      });
    gateway(1, '{"message":"Unauthorized"}');
    assert.equal((await prove(emulator, withControl, { deadlineMs: 1_500 })).first?.verdict, "accepted");
    gateway(4, JSON.stringify({ error: "Unauthorized: `The JWT is invalid`" }));
    assert.equal((await prove(emulator, withControl, { deadlineMs: 1_500 })).first?.verdict, "accepted");
    gateway(1_000, "<html>Sign in</html>");
    const { first } = await prove(emulator, withControl, { deadlineMs: 1_500 });
    assert.equal(first?.verdict, "unclear");
    assert.match(first.why, /^a 401 came back that is not the database's own/);
  });

  it("is not misled by a database that answers 401 to every token", async () => {
    const { emulator, items } = await seed(["a"]);
    const rotated = await rotate(emulator, items);
    emulator.platform.rotateDatabase("a");
    const { first } = await prove(emulator, rotated);
    assert.equal(first?.verdict, "unclear");
    assert.match(first.why, /^a token minted after the rotation is rejected too/);
  });

  it("of 64 databases whose old tokens live for 2 s ends within the grace period, whatever is proven by then", async () => {
    const { emulator, items } = await seed(names(64), { deathDelayMs: 2_000 });
    const { each, tookMs } = await prove(emulator, await rotate(emulator, items));
    assert.ok(countOf(each, "rejected") > 0);
    assert.ok(tookMs < 5_000, `${tookMs} ms`);
  });

  it("of 64 databases rejects all old tokens if the grace period allows for a slow machine", async () => {
    const { emulator, items } = await seed(names(64), { deathDelayMs: 500 });
    const { each } = await prove(emulator, await rotate(emulator, items), {
      graceMs: 15_000,
      deadlineMs: 15_000,
    });
    assert.equal(countOf(each, "rejected"), 64);
  });

  it("of 24 databases that never answer ends by the deadline", async () => {
    const { emulator, items } = await seed(names(24));
    emulator.fault({ plane: "data", path: /./, when: "before", action: { type: "hang" }, times: 1_000 });
    const { each, tookMs } = await prove(emulator, await rotate(emulator, items), { deadlineMs: 1_500 });
    assert.equal(countOf(each, "unclear"), 24);
    assert.ok(tookMs >= 1_490 && tookMs < 2_300, `${tookMs} ms`);
  });

  it("of 24 databases that cannot be reached ends when none has answered for a while", async () => {
    const { emulator, items } = await seed(names(24));
    const hostname = `127.0.0.1:${await closedPort()}`;
    const unreachable = items.map((each) => ({
      ...each,
      canaries: each.canaries.map((canary) => ({ ...canary, hostname })),
    }));
    const { first, tookMs } = await prove(emulator, unreachable, { silenceMs: 800 });
    assert.equal(first?.verdict, "unclear");
    assert.match(first.why, /^the database could not be reached \(.*ECONNREFUSED/);
    assert.ok(tookMs >= 790 && tookMs < 1_600, `${tookMs} ms`);
  });
});
