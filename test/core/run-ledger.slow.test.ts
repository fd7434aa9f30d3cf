import assert from "node:assert/strict";
import { RunLedger } from "../../src/core/run-ledger";
import type { TursoClient } from "../../src/turso/client";
import { database, rotation, token } from "./ledger-values";

describe("the ledger of a run whose databases do not answer", () => {
  it("waits 3 s for all tokens together", async () => {
    const ledger = new RunLedger();
    for (const name of ["app", "reports", "lone"]) ledger.holds(token(database(name), "default", name));
    const probe = (hostname: string) =>
      hostname.startsWith("lone")
        ? Promise.resolve({ verdict: "rejected" })
        : new Promise((resolve) => setTimeout(resolve, 10_000, { verdict: "rejected" }).unref());
    const start = performance.now();
    const dead = await ledger.takeRejected([rotation(database("app"), "default")], {
      probe,
    } as unknown as TursoClient);
    const tookMs = performance.now() - start;
    assert.ok(tookMs >= 2_900 && tookMs < 6_000, `${tookMs} ms`);
    assert.deepEqual(
      dead.map(({ target }) => target.name),
      ["lone"],
    );
  });
});
