import assert from "node:assert/strict";
import type { Pending } from "../../../src/rotation/state";
import { Organization, REJECTED, database } from "./organization";
import { roll } from "./roller";

const ONE_TO_TRY = "one to see whether minting is permitted, and one that is published";
const AT = "2026-02-28T12:00:00.000Z";

/** What an earlier run left of a rotation, which happened in the meantime or did not. */
function left(organization: Organization, status: "unknown" | "unproven", happened: boolean): Pending {
  const token = organization.token(database("a"));
  if (happened) organization.rotated(database("a"));
  const canaries = [{ label: "database" as const, target: database("a"), token, hostname: "a" }];
  return status === "unproven"
    ? { status, at: AT, canaries }
    : { status, at: AT, answer: "no answer", canaries };
}

describe("the token of a rotation that an earlier run began", () => {
  it("is minted when it is found out that the rotation happened", async () => {
    const organization = new Organization({ team: ["a"] });
    const pending = left(organization, "unknown", true);
    const { kinds, minter } = await roll(organization, [organization.task(database("a"), { pending })]);
    assert.deepEqual(kinds, { a: "rotated" });
    assert.deepEqual([...minter.minted.keys()], ["a"]);
    assert.equal(organization.log.filter((each) => each === "mint a").length, 2, ONE_TO_TRY);
  });

  it("is minted once, if it is missing as well", async () => {
    const organization = new Organization({ team: ["a"] });
    const pending = left(organization, "unknown", true);
    await roll(organization, [organization.task(database("a"), { pending })], { due: ["a"] });
    assert.equal(organization.log.filter((each) => each === "mint a").length, 2, ONE_TO_TRY);
  });

  it("is minted while the proof goes on, if it is missing or the earlier run could not mint it", async () => {
    for (const [due, isNotMinted] of [
      [["a"], false],
      [[], true],
    ] as const) {
      const organization = new Organization({ team: ["a"] });
      const pending = { ...left(organization, "unproven", false), ...(isNotMinted && { isNotMinted }) };
      const task = organization.task(database("a"), { pending: pending as Pending });
      const { minter } = await roll(organization, [task], { due: [...due] });
      assert.deepEqual([...minter.minted.keys()], ["a"]);
    }
  });

  it("stays as it is while the proof goes on", async () => {
    const organization = new Organization({ team: ["a"] });
    const pending = left(organization, "unproven", false);
    const { minter } = await roll(organization, [organization.task(database("a"), { pending })]);
    assert.equal(minter.minted.size, 0);
  });
});

describe("a database that does not know the new key yet", () => {
  it("keeps no other member waiting that the first rotation of the group reached", async () => {
    let isLate = true;
    const acceptedBy: string[] = [];
    const organization: Organization = new Organization({ team: ["a", "b", "c"] }, "group", {
      probe: (hostname, token) => {
        const isNew = token.split(" ")[2] === "1";
        if (hostname === "a" && isLate && isNew) return REJECTED;
        if (isNew && organization.log.includes(`mint ${hostname}`)) acceptedBy.push(hostname);
        if (acceptedBy.includes("b") && acceptedBy.includes("c")) isLate = false;
        return undefined;
      },
    });
    const tasks = ["a", "b", "c"].map((name) => organization.task(database(name)));
    const { kinds } = await roll(organization, tasks, { verifyTimeoutMs: 5_000 });
    assert.deepEqual(kinds, { a: "rotated", b: "rotated", c: "rotated" });
    assert.equal(organization.order.filter((each) => each.startsWith("rotate")).length, 1);
    assert.deepEqual([...new Set(acceptedBy)].slice(-1), ["a"]);
  });
});
