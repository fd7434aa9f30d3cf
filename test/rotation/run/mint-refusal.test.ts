import assert from "node:assert/strict";
import { Minter } from "../../../src/rotation/run/mint";
import type { MintSettings } from "../../../src/rotation/state";
import { Organization, database, group, refusedWith } from "./organization";
import { settingsWith } from "./settings";

const TEAM = { team: ["a", "b"], bare: [] };
const A = database("a");

const minterIn = ({ client }: Organization, settings: MintSettings = {}): Minter =>
  new Minter(settingsWith(client, []), settings, () => false);

describe("whether the API refuses to mint", () => {
  it("is asked with a token of the resource's own sort that expires in a minute", async () => {
    const organization = new Organization(TEAM);
    const minter = minterIn(organization, { authorization: "read-only", readAttach: ["b"] });
    assert.equal(await minter.refusal(organization.task(A)), undefined);
    const options = { authorization: "read-only", expiration: "1m", readAttach: ["b"], permissions: [] };
    assert.deepEqual(organization.minted, [{ target: A, options }]);
    assert.equal(minter.minted.size, 0);
  });

  for (const [status, isRefusal] of [
    [403, true],
    [402, true],
    [409, false],
    [500, false],
  ] as const)
    it(`is ${isRefusal ? "certain" : "not certain"} after a ${status}`, async () => {
      const organization = new Organization(TEAM, "database", { mint: () => refusedWith(status) });
      const refusal = await minterIn(organization).refusal(organization.task(A));
      assert.equal(refusal?.status, isRefusal ? status : undefined);
    });

  it("is not asked for a group without databases, with per", async () => {
    const organization = new Organization(TEAM);
    const minter = minterIn(organization, { per: "database" });
    assert.equal(await minter.refusal(organization.task(group("bare"))), undefined);
    assert.deepEqual(organization.log, []);
  });
});
