import assert from "node:assert/strict";
import { prove } from "../../../src/rotation/run/prove";
import { AT } from "../results";
import { Organization, database } from "./organization";
import { settingsWith } from "./settings";

describe("what a rotation reached", () => {
  const [A, B] = [database("a"), database("b")];

  for (const [graceMs, mostMs] of [
    [undefined, 2_000],
    [5_000, 5_000],
    [0, 500],
  ] as const)
    it(`is looked at for ${mostMs} ms at most, if it may take ${graceMs ?? "the usual"} ms`, async () => {
      const organization = new Organization({ team: ["a", "b"] });
      const { client } = organization;
      const probe = client.probe.bind(client);
      let limitMs = Infinity;
      client.probe = (hostname, token, options) => {
        if (hostname === "b") limitMs = options?.timeoutMs ?? Infinity;
        return probe(hostname, token);
      };
      const canaries = [
        { label: "database", target: A, hostname: "a", token: organization.token(A) },
        { label: "siblings", target: B, hostname: "b", token: organization.token(B) },
      ] as const;
      organization.rotated(A);
      const task = organization.task(A);
      const sent = { task, at: AT, isNew: true, tries: 1, doneAt: performance.now(), canaries };
      await prove(settingsWith(client), [sent], Infinity, graceMs);
      assert.ok(limitMs <= mostMs && limitMs > mostMs - 400, `${limitMs} ms`);
    });
});
