import assert from "node:assert/strict";
import type { FaultAction } from "../../../emulator/src";
import type { Scope } from "../../../src/values/scope";
import { useServers } from "../../support/server";
import { FakeTurso, harmlessFailure, inputs, rotationsOf, state } from "../../support/fake-turso";

const json = (status: number, error: string, headers: Record<string, string> = {}): FaultAction => ({
  type: "status",
  status,
  body: JSON.stringify({ error }),
  headers,
});
const GROUP: Scope = { group: "solo" };

interface Row {
  what: string;
  scope?: Scope;
  action: FaultAction;
  /** The text of the error after `Rotating ID: `; {url} is the API's. */
  text: string;
}

describe("a rotate request that certainly failed", () => {
  const turso = FakeTurso.use();
  const serve = useServers();

  const rows: Row[] = [
    {
      what: "401",
      action: json(401, "the token has expired"),
      text: "the API answered 401 (the token has expired). Nothing was changed. The API token, read from the environment's TURSO_API_TOKEN, is wrong or has expired. Mint a new one (turso auth api-tokens mint NAME --org acme) and set it there.",
    },
    {
      what: "402",
      action: json(402, "payment required"),
      text: "the API answered 402 (payment required). Nothing was changed. The organization's plan or payment does not allow it. See its billing page.",
    },
    {
      what: "403 for a database",
      action: json(403, "no"),
      text: "the API answered 403 (no). Nothing was changed. The API token, read from the environment's TURSO_API_TOKEN, lacks the scope db:rotate-creds. Scopes cannot be added to a token: mint a new one that has it, and set it there.",
    },
    {
      what: "403 for a group",
      scope: GROUP,
      action: json(403, "no"),
      text: "the API answered 403 (no). Nothing was changed. The API token, read from the environment's TURSO_API_TOKEN, lacks the scope group:rotate-creds. Scopes cannot be added to a token: mint a new one that has it, and set it there.",
    },
    {
      what: "404 for a database",
      action: json(404, "could not find database with name app: record not found"),
      text: 'the API answered 404 (could not find database with name app: record not found). Nothing was changed. Check the name of the database "app" and the organization "acme".',
    },
    {
      what: "404 for a group",
      scope: GROUP,
      action: json(404, "group not found"),
      text: 'the API answered 404 (group not found). Nothing was changed. Check the name of the group "solo" and the organization "acme".',
    },
    {
      what: "404 for something else",
      action: json(404, "organization not found"),
      text: 'the API answered 404 (organization not found). Nothing was changed. Check the organization "acme" and the API\'s URL {url}.',
    },
    {
      what: "409",
      action: json(409, "busy"),
      text: "the API answered 409 (busy). Nothing was changed. Something else is changing the target right now. Try again in a moment.",
    },
    {
      what: "429 with a Retry-After that is too long to wait for",
      action: json(429, "slow down", { "retry-after": "3600" }),
      text: "the API answered 429 (slow down). Nothing was changed. The API limits the rate of requests. Wait 3600 s and try again.",
    },
  ];
  for (const { what, scope = { database: "app" }, action, text } of rows)
    for (const path of ["create", "update"] as const)
      it(`in the ${path}: ${what}`, async () => {
        turso.onRotate("before", action);
        const olds = state({ scope });
        const before = structuredClone(olds);
        const error = await harmlessFailure(
          path === "create"
            ? turso.logic().create(inputs({ scope }))
            : turso.logic().update(olds, inputs({ scope, trigger: "2" })),
        );
        const id = "group" in scope ? "acme/groups/solo" : "acme/databases/app";
        assert.equal(error.message, `Rotating ${id}: ${text.replace("{url}", turso.url)}`);
        assert.equal(turso.rotateRequests().length, 1);
        assert.deepEqual(turso.rotations(), []);
        assert.deepEqual(olds, before);
      });

  it("because it was redirected is not sent anywhere else", async () => {
    const elsewhere = await serve((_, response) => response.end());
    for (const status of [301, 302, 307, 308]) {
      turso.emulator.clearLog();
      turso.onRotate("before", {
        type: "status",
        status,
        body: "",
        headers: { location: `${elsewhere.url}/x` },
      });
      const error = await harmlessFailure(turso.logic().create(inputs()));
      assert.equal(
        error.message,
        `Rotating acme/databases/app: the API answered ${status}. Nothing was changed. Redirects are never followed, because they would forward the API token. Check the API's URL ${turso.url}.`,
      );
      assert.deepEqual(turso.rotateRequests(), [`POST ~/databases/app/auth/rotate ${status}`]);
    }
    assert.equal(elsewhere.requests.length, 0);
    assert.deepEqual(turso.rotations(), []);
  });
});

describe("a rotate request that was certainly not processed", () => {
  const turso = FakeTurso.use();

  for (const [what, action] of [
    ["429", json(429, "later")],
    ["429 with Retry-After", json(429, "later", { "retry-after": "0" })],
  ] as const)
    it(`is sent again after ${what}, and says once that it waits`, async () => {
      turso.onRotate("before", action, 2);
      const updated = await turso.logic().update(state(), inputs({ trigger: "2" }));
      assert.equal(updated.rotationCount, 2);
      assert.notEqual(updated.rotationId, "first");
      const path = "POST ~/databases/app/auth/rotate";
      assert.deepEqual(turso.rotateRequests(), [`${path} 429`, `${path} 429`, `${path} 200`]);
      assert.deepEqual(turso.rotations(), ["database app"]);
      const waits = turso.messages.filter((line) => line.includes("429"));
      assert.deepEqual(waits, [
        "the API limits the rate of requests (429): all requests wait, at first for 0.0 s",
      ]);
    });

  it("is not sent again once its caller is gone", async () => {
    turso.onRotate("before", json(429, "later"), 1);
    let asked = 0;
    const isCallerAlive = () => Promise.resolve((asked += 1) === 1);
    const logic = turso.logic({}, { isCallerAlive });
    const error = await harmlessFailure(logic.update(state(), inputs({ trigger: "2" })));
    assert.equal(
      error.message,
      "Rotating acme/databases/app: the Pulumi CLI that started this run has exited. Nothing was changed. Run `pulumi cancel`, then `pulumi up` again.",
    );
    assert.equal(turso.rotateRequests().length, 1);
    assert.deepEqual(turso.rotations(), []);
  });
});

describe("a rotate request that is answered with an empty 200 or 204", () => {
  const turso = FakeTurso.use();

  for (const status of [200, 204])
    it(`has rotated: ${status}`, async () => {
      turso.onRotate("after", { type: "status", status, body: "" });
      const updated = await turso.logic().update(state(), inputs({ trigger: "2" }));
      assert.equal(rotationsOf(updated).rotationCount, 2);
      assert.deepEqual(turso.rotations(), ["database app"]);
    });
});
