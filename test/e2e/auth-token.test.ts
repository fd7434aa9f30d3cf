import assert from "node:assert/strict";
import { createClient } from "@libsql/client";
import { inSandbox, type Sandbox } from "./sandbox";

/** A rotation, and two consumers that each write a token to a file. */
const delivering = (trigger: number, extra = "") => `
  const fs = require("node:fs");
  const rotation = new turso.TokenRotation("rotation", { scope: { group: "default" }, trigger: ${trigger} });
  const api = new turso.AuthToken("api", { scope: { database: "app" }, rotation, authorization: "full-access", expiration: "30d"${extra} });
  const report = new turso.AuthToken("report", { scope: { group: "default" }, rotation, authorization: "read-only" });
  const writer = {
    async diff(id, olds, news) { return { changes: olds.text !== news.text }; },
    async create(inputs) { require("node:fs").writeFileSync(inputs.file, inputs.text); return { id: inputs.file, outs: inputs }; },
    async update(id, olds, inputs) { require("node:fs").writeFileSync(inputs.file, inputs.text); return { outs: inputs }; },
  };
  new pulumi.dynamic.Resource(writer, "api-file", { file: __dirname + "/api.token", text: api.token });
  new pulumi.dynamic.Resource(writer, "report-file", { file: __dirname + "/report.token", text: report.token });
  exports.api = api.token; exports.report = report.token; exports.expiresAt = api.expiresAt; exports.mintedAt = api.mintedAt;`;

const hostname = (sandbox: Sandbox, database: string) => sandbox.turso.platform.database(database).hostname;

/** The real client's result for a query with a token: "ok" or its error. */
async function query(sandbox: Sandbox, authToken: string, sql: string, database = "app"): Promise<string> {
  const client = createClient({ url: `http://${hostname(sandbox, database)}`, authToken });
  try {
    await client.execute(sql);
    return "ok";
  } catch (error) {
    return String(error);
  } finally {
    client.close();
  }
}

/** Requests for canary tokens, and for the tokens that are tried beside them. */
/** Canary tokens and their controls, and those that only show whether the API mints; nobody gets these. */
const CANARY = /expiration=(7d|1h)&authorization=read-only|expiration=1m&/;
const minted = (sandbox: Sandbox): string[] =>
  sandbox.calls.filter((call) => call.includes("/auth/tokens") && !CANARY.test(call));

describe("an AuthToken, with the real CLI and the real libSQL client", () => {
  it("is minted after its rotation and reaches its consumers in the same up, each with its own authorization", () =>
    inSandbox({ program: delivering(1) }, async (sandbox) => {
      await sandbox.up();
      const first = await sandbox.stack.outputs();
      assert.equal(await query(sandbox, String(first["api"]), "create table t (x)"), "ok");
      assert.equal(await query(sandbox, String(first["report"]), "select * from t", "app"), "ok");
      assert.match(
        await query(sandbox, String(first["report"]), "insert into t values (1)"),
        /SERVER_ERROR|BLOCKED|403|forbidden/i,
      );
      assert.equal(sandbox.stack.readFile("api.token"), first["api"]);
      assert.equal(sandbox.stack.readFile("report.token"), first["report"]);

      sandbox.stack.write(delivering(2));
      sandbox.turso.clearLog();
      await sandbox.up();
      const second = await sandbox.stack.outputs();
      for (const name of ["api", "report"]) {
        assert.notEqual(second[name], first[name]);
        assert.equal(
          sandbox.stack.readFile(`${name}.token`),
          second[name],
          `${name}'s consumer has the new token`,
        );
        assert.match(await query(sandbox, String(first[name]), "select 1"), /401/);
        assert.equal(await query(sandbox, String(second[name]), "select 1"), "ok");
      }
      const rotated = sandbox.calls.findIndex((call) => call.endsWith("/auth/rotate"));
      assert.ok(
        sandbox.calls.indexOf(minted(sandbox)[0] ?? "") > rotated,
        "a token was minted before the rotation",
      );
      await sandbox.preview("--expect-no-changes");
      assert.equal(minted(sandbox).length, 2);

      sandbox.turso.clearLog();
      await sandbox.up();
      assert.deepEqual(sandbox.calls, [], "an up without changes sends no API requests");
    }));

  it("reads its expiry from the JWT, and is a secret even if the program does not mark it as one", () =>
    inSandbox({ program: delivering(1) }, async (sandbox) => {
      const { stdout } = await sandbox.up();
      const { api, expiresAt, mintedAt } = await sandbox.stack.outputs();
      const claims = JSON.parse(Buffer.from(String(api).split(".")[1] ?? "", "base64url").toString()) as {
        exp: number;
      };
      assert.equal(expiresAt, new Date(claims.exp * 1000).toISOString());
      assert.ok(Math.abs(Date.parse(expiresAt) - Date.parse(String(mintedAt)) - 30 * 86_400_000) < 5_000);
      assert.match(stdout, /api +: \[secret\]/);
      await sandbox.stack.must("refresh", "--yes");
      assert.doesNotMatch(await sandbox.stack.state(), /eyJ/);
    }));

  it("overlaps: a changed trigger mints a new token while the old one stays valid", () =>
    inSandbox({ program: delivering(1, ", trigger: 1") }, async (sandbox) => {
      await sandbox.up();
      const before = await sandbox.stack.outputs();
      sandbox.stack.write(delivering(1, ", trigger: 2"));
      await sandbox.up();
      const after = await sandbox.stack.outputs();
      assert.notEqual(after["api"], before["api"]);
      assert.equal(after["report"], before["report"]);
      for (const token of [before["api"], after["api"]])
        assert.equal(await query(sandbox, String(token), "select 1"), "ok");
      assert.deepEqual(sandbox.rotations, ["groups/default"]);
    }));

  it("is renewed within renewBefore of its expiry, and not earlier", () => {
    const program = (renewBefore: string) =>
      `exports.token = new turso.AuthToken("t", { scope: { database: "app" }, expiration: "1h", renewBefore: "${renewBefore}" }).token;`;
    return inSandbox({ program: program("10m") }, async (sandbox) => {
      await sandbox.up();
      const { token } = await sandbox.stack.outputs();
      await sandbox.up();
      assert.equal((await sandbox.stack.outputs())["token"], token);
      sandbox.stack.write(program("59m59s"));
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await sandbox.up();
      const renewed = (await sandbox.stack.outputs())["token"];
      assert.notEqual(renewed, token);
      for (const each of [token, renewed]) assert.equal(await query(sandbox, String(each), "select 1"), "ok");
    });
  });

  it("is minted by the next up without another rotation, if minting failed after the rotation", () =>
    inSandbox({ program: delivering(1) }, async (sandbox) => {
      await sandbox.up();
      const [before] = [await sandbox.stack.outputs()];
      sandbox.stack.write(delivering(2));
      sandbox.turso.fault({
        path: /\/auth\/tokens\?(?!expiration=(7d|1h)&authorization=read-only|expiration=1m&)/,
        when: "before",
        action: { type: "status", status: 402, body: '{"error":"payment required"}' },
        times: 2,
      });
      const output = await sandbox.fails("up", "--yes", "--skip-preview");
      assert.match(
        output,
        /Minting a token for acme\/\w+\/\w+: the API answered 402 \(payment required\)\. Nothing was changed\./,
      );
      assert.deepEqual(sandbox.rotations, ["groups/default", "groups/default"]);
      sandbox.turso.clearFaults();
      sandbox.turso.clearLog();
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 2, "the rotation was recorded");
      assert.equal(minted(sandbox).length, 2);
      const after = await sandbox.stack.outputs();
      for (const name of ["api", "report"]) {
        assert.notEqual(after[name], before?.[name]);
        assert.equal(await query(sandbox, String(after[name]), "select 1"), "ok");
      }
    }));

  for (const command of [
    ["refresh", "--yes"],
    ["up", "--yes", "--refresh"],
  ])
    it(`is replaced after a rotation by hand: pulumi ${command.join(" ")} detects that it is rejected, and the next up mints a new one and updates its consumers`, () =>
      inSandbox({ program: delivering(1) }, async (sandbox) => {
        await sandbox.up();
        const before = await sandbox.stack.outputs();
        sandbox.turso.platform.rotateGroup("default");
        await sandbox.stack.must(...command);
        await sandbox.up();
        const after = await sandbox.stack.outputs();
        for (const name of ["api", "report"]) {
          assert.notEqual(after[name], before[name]);
          assert.equal(sandbox.stack.readFile(`${name}.token`), after[name]);
          assert.equal(await query(sandbox, String(after[name]), "select 1"), "ok");
        }
        assert.deepEqual(sandbox.rotations, ["groups/default", "groups/default"], "the up rotated");
      }));

  it("is kept by a refresh that gets no response, 403 or 503", () =>
    inSandbox({ program: delivering(1) }, async (sandbox) => {
      await sandbox.up();
      const before = await sandbox.stack.outputs();
      for (const action of [
        { type: "drop" },
        { type: "status", status: 403 },
        { type: "status", status: 503 },
      ] as const) {
        sandbox.turso.fault({ plane: "data", path: /pipeline/, when: "before", action, times: 20 });
        const { stdout } = await sandbox.stack.must("refresh", "--yes");
        assert.match(stdout, /warning: .*could not determine whether the database still accepts its token/);
        sandbox.turso.clearFaults();
      }
      await sandbox.up();
      const after = await sandbox.stack.outputs();
      assert.deepEqual(after, before);
    }));
});
