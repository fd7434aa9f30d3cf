import assert from "node:assert/strict";
import { Context } from "../../src/core/context";
import { tokenResource } from "../../src/hosts/shared/resource";
import { FakeTurso } from "../support/fake-turso";

describe("the tokens of a run whose databases do not answer", () => {
  const turso = FakeTurso.use();
  const token = (database: string) => ({ scope: { database }, organization: "acme" });
  const probes = () => turso.emulator.log.filter(({ plane }) => plane === "data").length;

  it("are published with a warning, and only the first one waits for the databases", async () => {
    turso.emulator.fault({
      plane: "data",
      path: /./,
      when: "before",
      action: { type: "status", status: 503 },
      times: 999,
    });
    const context = new Context({
      settings: turso.settings(),
      clock: () => new Date(),
      notify: turso.notify,
    });
    await tokenResource(context).create(token("app"));
    const first = probes();
    assert.ok(first > 3, `${first} tries`);
    await tokenResource(context).create(token("reports"));
    assert.equal(probes() - first, 1);
    assert.equal(turso.warnings.filter((text) => text.includes("It is published anyway.")).length, 2);
    turso.emulator.clearFaults();
    await tokenResource(context).create(token("lone"));
    assert.equal(context.isDataPlaneSilent, false);
  });
});
