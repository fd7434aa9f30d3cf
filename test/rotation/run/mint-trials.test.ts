import assert from "node:assert/strict";
import { Minter } from "../../../src/rotation/run/mint";
import type { MintSettings } from "../../../src/rotation/state";
import { Organization, database, group } from "./organization";
import { settingsWith } from "./settings";

const TEAM = { team: ["a", "b"], bare: [] };
const A = database("a");

const minterIn = ({ client }: Organization, settings: MintSettings = {}): Minter =>
  new Minter(settingsWith(client, []), settings, () => false);

describe("the trials of a target's tokens", () => {
  it("each mint one of the resource's own sort that expires in a minute, and that nobody gets", async () => {
    const organization = new Organization(TEAM);
    const minter = minterIn(organization, { authorization: "read-only", readAttach: ["b"] });
    for (const mint of minter.trialsOf(organization.task(A))) await mint();
    const options = { authorization: "read-only", expiration: "1m", readAttach: ["b"], permissions: [] };
    assert.deepEqual(organization.minted, [{ target: A, options }]);
    assert.equal(minter.minted.size, 0);
  });

  for (const [name, count] of [
    ["team", 2],
    ["bare", 0],
  ] as const)
    it(`are one for each database of a group, with per: ${count}`, () => {
      const organization = new Organization({ team: ["a", "b"], bare: [] });
      const minter = minterIn(organization, { per: "database" });
      assert.equal(minter.trialsOf(organization.task(group(name))).length, count);
    });

  for (const [settings, isRestricted] of [
    [{}, false],
    [{ permissions: [], readAttach: [] }, false],
    [{ permissions: [{ actions: ["data_read"] }] }, true],
    [{ readAttach: ["b"] }, true],
  ] as [MintSettings, boolean][])
    it(`are of tokens that ${isRestricted ? "a database may" : "no database would"} refuse: ${JSON.stringify(settings)}`, () =>
      assert.equal(minterIn(new Organization(TEAM), settings).isRestricted, isRestricted));
});
