import assert from "node:assert/strict";
import type { Emulator } from "../../../emulator/src";
import { call, closeAll, ORGANIZATION, seeded } from "../support";

const claimsOf = (jwt: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;

describe("emulator: control plane", () => {
  let emulator: Emulator;
  beforeEach(async () => {
    emulator = await seeded();
  });
  afterEach(closeAll);

  const refusals: [string, string, unknown, number, string][] = [
    [
      "POST",
      "/databases/nope/auth/rotate",
      undefined,
      404,
      "could not find database with name nope: record not found",
    ],
    ["POST", "/groups/nope/auth/rotate", undefined, 404, "group not found"],
    [
      "POST",
      "/databases/nope/auth/tokens",
      undefined,
      404,
      "could not find database with name nope: record not found",
    ],
    ["POST", "/groups/nope/auth/tokens", undefined, 404, "group not found"],
    ["POST", "/databases/app/auth/tokens?expiration=tomorrow", undefined, 400, "Invalid expiration format"],
    ["POST", "/databases/app/auth/tokens?expiration=2x", undefined, 400, "Invalid expiration format"],
    ["POST", "/groups/default/auth/tokens?expiration=0s", undefined, 400, "Invalid expiration format"],
    ["POST", "/groups/default/auth/tokens?authorization=root", undefined, 400, "Invalid authorization"],
    ["GET", "/databases/nope", undefined, 404, "could not find database with name nope: record not found"],
    ["DELETE", "/databases/nope", undefined, 404, "could not find database with name nope: record not found"],
    [
      "GET",
      "/databases/nope/configuration",
      undefined,
      404,
      "could not find database with name nope: record not found",
    ],
    ["POST", "/databases", { name: "new", group: "nope" }, 400, "group not found"],
    ["POST", "/databases", { name: "app", group: "default" }, 409, "database with name app already exists"],
    ["POST", "/databases", { group: "default" }, 400, "invalid database name"],
    ["POST", "/databases", "{", 400, "the request body is not JSON"],
    ["GET", "/groups/nope", undefined, 404, "group not found"],
    ["POST", "/groups", { name: "default", location: "local" }, 409, "group already exists"],
    ["POST", "/groups", { name: "new" }, 400, "location is required"],
    ["DELETE", "/groups/nope", undefined, 404, "group not found"],
    ["GET", "/nothing/here", undefined, 404, "not found"],
  ];
  for (const [method, path, body, status, error] of refusals) {
    it(`answers ${method} ${path} ${body === undefined ? "" : JSON.stringify(body)} with ${status} ${error}`, async () => {
      const answer = await call(emulator, method, ORGANIZATION + path, { body });
      assert.equal(answer.status, status);
      assert.equal(answer.text, JSON.stringify({ error }));
      assert.deepEqual(emulator.platform.rotations, []);
      assert.equal(emulator.log[0]?.changed, false);
    });
  }

  for (const path of ["/databases/app/auth/rotate", "/groups/default/auth/rotate"]) {
    it(`answers POST ${path} with 200 and nothing else`, async () => {
      const answer = await call(emulator, "POST", ORGANIZATION + path);
      assert.equal(answer.status, 200);
      assert.equal(answer.text, "");
      assert.equal(answer.headers.get("content-type"), null);
      const [, kind, name] = path.split("/");
      assert.deepEqual(
        emulator.platform.rotations.map((rotation) => [`${rotation.kind}s`, rotation.name]),
        [[kind, name]],
      );
    });
  }

  it("mints database tokens with the claims of the platform", async () => {
    const path = `${ORGANIZATION}/databases/app/auth/tokens?expiration=2w1d30m&authorization=read-only`;
    const { status, json } = await call(emulator, "POST", path);
    assert.equal(status, 200);
    const { jwt } = json as { jwt: string };
    const header: unknown = JSON.parse(Buffer.from(jwt.split(".")[0] ?? "", "base64url").toString());
    assert.deepEqual(header, { alg: "EdDSA", typ: "JWT" });
    const { rid, iat, exp, ...rest } = claimsOf(jwt);
    assert.equal(typeof rid, "string");
    assert.equal(Number(exp) - Number(iat), 15 * 86_400 + 30 * 60);
    assert.deepEqual(rest, { a: "ro", id: emulator.platform.database("app").id });
  });

  it("mints group tokens that never expire and are unrestricted by default", async () => {
    const { json } = await call(emulator, "POST", `${ORGANIZATION}/groups/default/auth/tokens`);
    const { rid, iat, ...rest } = claimsOf((json as { jwt: string }).jwt);
    assert.equal(typeof rid, "string");
    assert.equal(typeof iat, "number");
    assert.deepEqual(rest, { a: "rw", gid: emulator.platform.group("default").uuid });
  });

  it("never mints the same token twice", async () => {
    const minted = await Promise.all(
      Array.from({ length: 20 }, () => call(emulator, "POST", `${ORGANIZATION}/databases/app/auth/tokens`)),
    );
    assert.equal(new Set(minted.map(({ text }) => text)).size, 20);
  });

  it("accepts existing databases to attach, and rejects others", async () => {
    const path = `${ORGANIZATION}/databases/app/auth/tokens`;
    const asking = (name: string) => ({ body: { permissions: { read_attach: { databases: [name] } } } });
    const { json } = await call(emulator, "POST", path, asking("reports"));
    assert.deepEqual(claimsOf((json as { jwt: string }).jwt)["p"], {
      roa: { ns: [emulator.platform.database("reports").id] },
    });
    assert.equal((await call(emulator, "POST", path, asking("nope"))).status, 404);
  });

  it("describes a database", async () => {
    const { json } = await call(emulator, "GET", `${ORGANIZATION}/databases/app`);
    const { database } = json as { database: Record<string, unknown> };
    const { id, hostname } = emulator.platform.database("app");
    assert.match(hostname, /^127\.0\.0\.1:\d+$/);
    const expected = { Name: "app", DbId: id, Hostname: hostname, block_reads: false, block_writes: false };
    for (const [key, value] of Object.entries({
      ...expected,
      group: "default",
      delete_protection: false,
      parent: null,
    })) {
      assert.equal(database[key], value, key);
    }
    assert.deepEqual([database["regions"], database["primaryRegion"]], [["local"], "local"]);
  });

  it("lists databases, all or those of a group, with pages on request", async () => {
    const list = async (query: string) => {
      const { json } = await call(emulator, "GET", `${ORGANIZATION}/databases${query}`);
      const { databases, pagination } = json as {
        databases: { Name: string }[];
        pagination?: { next: string | null };
      };
      return { names: databases.map(({ Name }) => Name), pagination };
    };
    assert.deepEqual(await list(""), { names: ["app", "reports", "shop"], pagination: undefined });
    assert.deepEqual((await list("?group=default")).names, ["app", "reports"]);
    assert.deepEqual((await list("?group=nope")).names, []);
    const first = await list("?limit=2");
    assert.deepEqual(first.names, ["app", "reports"]);
    const second = await list(`?limit=2&cursor=${first.pagination?.next}`);
    assert.deepEqual(second, { names: ["shop"], pagination: { next: null } });
    assert.deepEqual((await list("?limit=1000")).pagination, { next: null });
  });

  it("creates and deletes databases", async () => {
    const created = await call(emulator, "POST", `${ORGANIZATION}/databases`, {
      body: { name: "new", group: "other" },
    });
    const { id, hostname } = emulator.platform.database("new");
    assert.deepEqual(created.json, { database: { DbId: id, Hostname: hostname, Name: "new" } });
    const deleted = await call(emulator, "DELETE", `${ORGANIZATION}/databases/new`);
    assert.deepEqual([deleted.status, deleted.text], [200, '{"database":"new"}']);
    assert.equal((await call(emulator, "GET", `${ORGANIZATION}/databases/new`)).status, 404);
  });

  it("creates a database only once if two requests arrive at the same time", async () => {
    const asking = { body: { name: "new", group: "other" } };
    const answers = await Promise.all(
      [1, 2].map(() => call(emulator, "POST", `${ORGANIZATION}/databases`, asking)),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
  });

  it("creates groups, also from JSON that is sent as text and with capitalised keys", async () => {
    const headers = { "content-type": "text/plain;charset=UTF-8" };
    const body = { Name: "new", Location: "aws-us-east-1", Extensions: null };
    const created = await call(emulator, "POST", `${ORGANIZATION}/groups`, { body, headers });
    assert.equal(created.status, 200);
    const { uuid } = emulator.platform.group("new");
    const { group } = created.json as { group: Record<string, unknown> };
    assert.deepEqual(
      [group["name"], group["uuid"], group["locations"], group["primary"], group["delete_protection"]],
      ["new", uuid, ["aws-us-east-1"], "aws-us-east-1", false],
    );
    assert.deepEqual((await call(emulator, "GET", `${ORGANIZATION}/groups/new`)).json, created.json);
    const { json } = await call(emulator, "GET", `${ORGANIZATION}/groups`);
    assert.deepEqual(
      (json as { groups: { name: string }[] }).groups.map(({ name }) => name),
      ["default", "other", "new"],
    );
  });

  it("deletes a group together with its databases", async () => {
    const { status, json } = await call(emulator, "DELETE", `${ORGANIZATION}/groups/default`);
    assert.equal(status, 200);
    assert.equal((json as { group: { name: string } }).group.name, "default");
    assert.deepEqual(
      emulator.platform.databases().map(({ name }) => name),
      ["shop"],
    );
  });

  it("deletes nothing that is protected", async () => {
    const path = `${ORGANIZATION}/databases/app/configuration`;
    await call(emulator, "PATCH", path, { body: { delete_protection: true } });
    assert.equal((await call(emulator, "DELETE", `${ORGANIZATION}/databases/app`)).status, 400);
    assert.equal((await call(emulator, "DELETE", `${ORGANIZATION}/groups/default`)).status, 400);
    assert.equal(emulator.platform.databases("default").length, 2);
  });

  it("reports a database's configuration", async () => {
    emulator.platform.configureDatabase("app", { blockReads: true });
    const { json } = await call(emulator, "GET", `${ORGANIZATION}/databases/app/configuration`);
    assert.deepEqual(json, {
      size_limit: "0",
      allow_attach: false,
      block_reads: true,
      block_writes: false,
      delete_protection: false,
      allowed_ips: [],
      allowed_aws_vpc_ids: [],
    });
  });

  it("treats encoded names as names, never as paths", async () => {
    const { status, text } = await call(emulator, "GET", `${ORGANIZATION}/databases/..%2Fgroups%2Fdefault`);
    const error = "could not find database with name ../groups/default: record not found";
    assert.deepEqual([status, text], [404, JSON.stringify({ error })]);
    assert.equal((await call(emulator, "GET", `${ORGANIZATION}/databases/%61pp`)).status, 200);
  });
});
