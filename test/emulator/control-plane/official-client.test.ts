import assert from "node:assert/strict";
import { createClient as createDatabaseClient } from "@libsql/client";
import { createClient } from "@tursodatabase/api";
import { closeAll, emulate, hostOf } from "../support";

describe("emulator: the official TypeScript client", () => {
  afterEach(closeAll);

  it("manages groups, databases and tokens, and its rotation throws although it has happened", async () => {
    const emulator = await emulate();
    const { organization: org, apiToken: token, url, platform } = emulator;
    const turso = createClient({ org, token, baseUrl: `${url}/v1/` });

    assert.equal((await turso.groups.create("default", "aws-us-east-1")).name, "default");
    assert.deepEqual(
      (await turso.groups.list()).map(({ name }) => name),
      ["default"],
    );
    assert.equal((await turso.groups.get("default")).primary, "aws-us-east-1");
    assert.deepEqual(await turso.databases.create("app", { group: "default" }), {
      id: platform.database("app").id,
      hostname: platform.database("app").hostname,
      name: "app",
    });
    assert.equal((await turso.databases.get("app")).group, "default");
    assert.deepEqual(
      (await turso.databases.list({ group: "default" })).map(({ name }) => name),
      ["app"],
    );

    const { jwt } = await turso.databases.createToken("app", {
      expiration: "1d",
      authorization: "read-only",
    });
    // Its type calls one option of three deprecated, and the linter takes that for the method.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    const { jwt: groupJwt } = await turso.groups.createToken("default");
    const clients = [jwt, groupJwt].map((authToken) =>
      createDatabaseClient({ url: hostOf(emulator, "app"), authToken }),
    );
    for (const client of clients) assert.equal((await client.execute("select 1 as one")).rows[0]?.["one"], 1);

    await assert.rejects(turso.databases.rotateTokens("app"), SyntaxError);
    await assert.rejects(turso.groups.rotateTokens("default"), SyntaxError);
    assert.deepEqual(
      platform.rotations.map(({ kind, name }) => [kind, name]),
      [
        ["database", "app"],
        ["group", "default"],
      ],
    );
    for (const client of clients) {
      await assert.rejects(
        client.execute("select 1"),
        (error: Error & { code?: string; cause?: unknown }) => {
          assert.equal(error.message, "SERVER_ERROR: Server returned HTTP status 401");
          assert.equal((error.cause as { status?: number }).status, 401);
          return true;
        },
      );
      client.close();
    }

    assert.deepEqual(await turso.databases.delete("app"), { database: "app" });
    await assert.rejects(turso.databases.get("app"), {
      name: "TursoClientError",
      message: "could not find database with name app: record not found",
      status: 404,
    });
    assert.equal((await turso.groups.delete("default")).name, "default");
  });

  it("manages API tokens, and reads instances and usage", async () => {
    const emulator = await emulate();
    const { organization: org, apiToken: token, url, platform } = emulator;
    const turso = createClient({ org, token, baseUrl: `${url}/v1/` });
    platform.createGroup("default", { location: "aws-us-east-1" });
    const { id, hostname } = await platform.createDatabase("app", "default");

    const [instance] = await turso.databases.listInstances("app");
    assert.deepEqual([instance?.uuid, instance?.name, instance?.hostname], [id, "aws-us-east-1", hostname]);
    assert.equal((await turso.databases.usage("app")).uuid, id);

    const minted = await turso.apiTokens.create("ci");
    // The client calls a token that never expires invalid, so only the expiry says that the token was accepted.
    assert.equal((await turso.apiTokens.validate(minted.token)).expiry, -1);
    assert.ok((await turso.apiTokens.list()).some(({ name }) => name === "ci"));
    await turso.apiTokens.revoke("ci");
    assert.ok(!(await turso.apiTokens.list()).some(({ name }) => name === "ci"));
  });
});
