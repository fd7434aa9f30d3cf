import assert from "node:assert/strict";
import type { ServerGeneration } from "../../emulator/src";
import type { Target } from "../../src/values/scope";
import type { AcceptanceDelays, RejectionDelays } from "./world/delays";
import { ModelOrganization } from "./world/organization";

const DELAYS: RejectionDelays = {
  group: { default: 400, solo: 0 },
  database: { app: 100, reports: 300, lone: 0 },
};
const GROUP: Target = { kind: "group", name: "default" };
const APP: Target = { kind: "database", name: "app" };
const REPORTS: Target = { kind: "database", name: "reports" };

describe("the rejection delays of the random model", () => {
  let now = 0;
  const open: ModelOrganization[] = [];
  afterEach(() => Promise.all(open.splice(0).map((organization) => organization.close())));

  const start = async (
    generation: ServerGeneration,
    acceptanceDelays: AcceptanceDelays = {},
  ): Promise<ModelOrganization> => {
    const organization = await ModelOrganization.start(generation);
    open.push(organization);
    now = 0;
    await organization.reset(() => now, DELAYS, acceptanceDelays);
    return organization;
  };
  const rotate = ({ emulator: { platform } }: ModelOrganization, { kind, name }: Target): void =>
    kind === "group" ? platform.rotateGroup(name) : platform.rotateDatabase(name);
  const mint = async (organization: ModelOrganization, target: Target): Promise<string> => {
    await organization.leak(target);
    return organization.held.at(-1)?.jwt ?? "";
  };

  for (const generation of ["legacy-group", "current"] as const)
    for (const target of [GROUP, APP, REPORTS])
      it(`reject the old tokens of ${target.kind} ${target.name} after its own delay (server generation: ${generation})`, async () => {
        const organization = await start(generation);
        const old = await mint(organization, target);
        rotate(organization, target);
        now = organization.rejectionDelay(target) - 1;
        assert.equal(await organization.accepts(target, old), true, "rejected too early");
        now += 1;
        assert.equal(await organization.accepts(target, old), false, "accepted too long");
      });

  it("end with the latest rotation, even if an earlier one of the same key had a longer delay", async () => {
    const organization = await start("legacy-group");
    const old = await mint(organization, APP);
    rotate(organization, GROUP);
    rotate(organization, APP);
    now = 99;
    assert.equal(await organization.accepts(APP, old), true);
    now = 100;
    assert.equal(await organization.accepts(APP, old), false);
  });

  it("do not extend the delay of an earlier rotation of the same key", async () => {
    const organization = await start("legacy-group");
    const old = await mint(organization, APP);
    rotate(organization, APP);
    rotate(organization, GROUP);
    now = 100;
    assert.equal(await organization.accepts(APP, old), false);
  });

  it("of new tokens end for each database after its own delay, and do not concern its old ones", async () => {
    const organization = await start("legacy-group", { app: 500 });
    const old = await mint(organization, APP);
    assert.equal(await organization.accepts(APP, old), true, "its key replaced none");
    rotate(organization, REPORTS);
    const [app, reports] = [await mint(organization, APP), await mint(organization, REPORTS)];
    now = 499;
    assert.equal(await organization.accepts(APP, app), false, "accepted too early");
    assert.equal(await organization.accepts(REPORTS, reports), true, "it is not late");
    now = 500;
    assert.equal(await organization.accepts(APP, app), true, "rejected too long");
  });
});
