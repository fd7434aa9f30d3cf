import assert from "node:assert/strict";
import { ACCEPTED, Organization, UNCLEAR, database } from "./organization";
import { roll } from "./roller";

/** Two lists of one program, or two programs, rotate databases of one group at the same time. */
describe("the rotations of a group of which others rotate databases too", () => {
  const FOUR = { team: ["x", "a", "b", "c"] };
  const tasksOf = (organization: Organization) =>
    ["a", "b", "c"].map((name) => organization.task(database(name)));

  /** Rotates x or another member from elsewhere right before the first rotation of the roll. */
  function besides(name: string): Organization {
    const organization: Organization = new Organization(FOUR, "database", {
      rotate: (target) => {
        if (target.name === "a") organization.rotated(database(name));
        return undefined;
      },
    });
    return organization;
  }

  it("do not take a rotation of a database elsewhere for what their first one reaches", async () => {
    const organization = besides("x");
    const { kinds } = await roll(organization, tasksOf(organization));
    assert.deepEqual(kinds, { a: "rotated", b: "rotated", c: "rotated" });
    assert.deepEqual(
      organization.log.filter((each) => each.startsWith("rotate")),
      ["rotate a", "rotate b", "rotate c"],
    );
  });

  it("leave a member unresolved whose old token outlives what the first one seemed to reach", async () => {
    const organization = besides("b");
    const { results, kinds } = await roll(organization, tasksOf(organization), { verifyTimeoutMs: 5_000 });
    assert.deepEqual(kinds, { a: "rotated", b: "rotated", c: "unknown" });
    assert.match(
      results.get("c")?.error?.message ?? "",
      /no request was sent for it, because a rotation of its group had reached other databases\. .* An old token is still accepted after /,
    );
  });

  it("send a request for such a member once its old token was accepted for the whole time", async () => {
    const organization = besides("b");
    const { kinds, minter } = await roll(organization, tasksOf(organization));
    assert.deepEqual(kinds, { a: "rotated", b: "rotated", c: "rotated" });
    assert.deepEqual(
      organization.log.filter((each) => each.startsWith("rotate")),
      ["rotate a", "rotate c"],
    );
    assert.deepEqual(await organization.client.probe("c", minter.minted.get("c")?.token ?? ""), ACCEPTED);
  });

  it("include one without a canary token, which nothing else could ever prove", async () => {
    const organization: Organization = new Organization({ team: ["a", "b", "c"] }, "group", {
      probe: (hostname) => (hostname === "c" ? UNCLEAR : undefined),
    });
    const { kinds } = await roll(organization, tasksOf(organization));
    assert.deepEqual(kinds, { a: "rotated", b: "rotated", c: "rotated" });
    assert.deepEqual(
      organization.log.filter((each) => each.startsWith("rotate")),
      ["rotate a", "rotate c"],
    );
  });
});
