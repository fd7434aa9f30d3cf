import assert from "node:assert/strict";
import { Context } from "../../src/core/context";
import { tokenResource } from "../../src/hosts/shared/resource";
import { FakeTurso } from "../support/fake-turso";

describe("a refresh of an AuthToken", () => {
  const turso = FakeTurso.use();
  const logic = () =>
    tokenResource(new Context({ settings: turso.settings(), clock: () => new Date(), notify: turso.notify }));
  const token = (scope: { database: string } | { group: string }) => ({ scope, organization: "acme" });

  it("finds that its database was deleted and made again under its name, although the host does not answer", async () => {
    const { id, state } = await logic().create(token({ database: "reports" }));
    turso.emulator.platform.deleteDatabase("reports");
    await turso.emulator.platform.createDatabase("reports", "default");
    turso.emulator.fault({
      plane: "data",
      path: /./,
      when: "before",
      action: { type: "status", status: 404 },
    });
    const seen = await logic().read(id, state);
    assert.ok(!seen.gone);
    assert.equal(seen.state.rejected, true);
    assert.match(turso.warnings.join("\n"), /was deleted and made again under its name/);
    turso.emulator.clearFaults();
    const next = await logic().update(seen.state, token({ database: "reports" }));
    assert.notEqual(next.token, state.token);
    assert.deepEqual(await logic().read(id, next), { gone: false, state: next });
  });

  it("keeps a group's token although the first of its databases was replaced", async () => {
    const { id, state } = await logic().create(token({ group: "solo" }));
    turso.emulator.platform.deleteDatabase("lone");
    await turso.emulator.platform.createDatabase("lone", "solo");
    assert.deepEqual(await logic().read(id, state), { gone: false, state });
  });
});
