import assert from "node:assert/strict";
import { conclude, type Attempt } from "../../../src/rotation/run/attempt";
import type { RunSettings } from "../../../src/rotation/run/preflight";
import type { TursoClient } from "../../../src/turso/client";
import type { Probe } from "../../../src/turso/probe";
import type { Target } from "../../../src/values/scope";
import { failedLookup } from "../results";
import { settingsWith } from "./settings";

const TARGET: Target = { kind: "database", name: "app" };
const OLD = "old-token";

/** A run whose database answers with these verdicts when the token from before the lost request is tried. */
function runWith(verdict: Probe["verdict"]): RunSettings {
  const seen: Probe = verdict === "unclear" ? { verdict, why: "no answer" } : { verdict };
  const client = {
    organization: "acme",
    mint: () => Promise.resolve("new-token"),
    probe: (_: string, token: string) =>
      Promise.resolve<Probe>(token === OLD ? seen : { verdict: "accepted" }),
  } as unknown as TursoClient;
  return settingsWith(client);
}

const lost = (): Attempt => ({
  task: { target: TARGET, isAdopted: false, isKnown: true, lookup: failedLookup(403) },
  at: "2026-03-01T12:00:00.000Z",
  isNew: true,
  tries: 1,
  lost: "the API answered 500",
  canaries: [{ label: "database", target: TARGET, token: OLD, hostname: "app.example.com" }],
  doneAt: 0,
});

describe("a rotation whose response was lost, and that seemed not to have happened", () => {
  const seen = { verdict: "accepted", why: "", waitedMs: 1_000, isFullWait: true } as const;

  it("is sent once more while old tokens are still accepted", async () => {
    assert.ok("again" in (await conclude(runWith("accepted"), lost(), seen)));
  });

  for (const verdict of ["rejected", "unclear"] as const)
    it(`is not sent again if such a token is ${verdict} right before that`, async () => {
      const result = await conclude(runWith(verdict), lost(), seen);
      assert.ok("kind" in result && result.kind === "unknown");
      assert.match(result.error.message, /but no longer when the run was about to send the request again\./);
    });
});
