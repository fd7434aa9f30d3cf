import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { mostInTheDark, rollingPicture, type Rolled } from "../../bench/rolling/picture";
import { PAGES, ROOT } from "./markdown";

const read = (name: string): string => readFileSync(path.join(ROOT, name), "utf8");
const rolled = JSON.parse(read("bench/rolling.json")) as Rolled[];

describe("the picture of a rolling rotation", () => {
  it("is drawn from the measured moments beside it", () => {
    assert.equal(read("bench/rolling.svg"), rollingPicture(rolled));
  });

  it("shows a different picture when one moment differs", () => {
    const changed = structuredClone(rolled);
    const [first] = changed[0]?.members ?? [];
    assert.ok(first);
    first.accepted += 500;
    assert.notEqual(read("bench/rolling.svg"), rollingPicture(changed));
  });

  it("shows moments in their order, and no more members without a token than the limit", () => {
    for (const { maxUnavailable, members, delivered } of rolled) {
      for (const { rotated, minted, accepted } of members)
        assert.ok(rotated < minted && minted <= accepted && accepted <= delivered, JSON.stringify(members));
      assert.ok(mostInTheDark(members) <= maxUnavailable);
    }
  });

  it("is embedded in the page about fleets", () => {
    const page = PAGES.find(({ file }) => file === "docs/fleet.md");
    assert.ok(page?.links.includes("../bench/rolling.svg"));
  });
});
