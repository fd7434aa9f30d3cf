import assert from "node:assert/strict";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type Client } from "@libsql/client";
import { inSandbox, type Sandbox } from "../e2e/sandbox";
import { Service, report } from "../e2e/service";
import { pin } from "./example";
import { NPM, must } from "./program";

const FLEET = {
  from: "examples/deliver",
  files: [
    "Pulumi.yaml",
    "package.json",
    "tsconfig.json",
    "fleet.ts",
    "token-file.ts",
    "server.ts",
    "sync-server.ts",
    "serve.ts",
    "database.ts",
  ],
};
/** A server for each database of the list, each with a driver of its own. */
const SERVERS: Record<string, { driver: string; server: string; env: Record<string, string> }> = {
  app: { driver: "@libsql/client", server: "server.ts", env: { DRIVER: "libsql" } },
  reports: { driver: "@tursodatabase/serverless", server: "server.ts", env: { DRIVER: "serverless" } },
  lone: { driver: "@tursodatabase/sync", server: "sync-server.ts", env: {} },
};
const NAMES = Object.keys(SERVERS);
/** At most this part of the requests during an `up` may fail. The first database waits until the last one is done. */
const FAILED_AT_MOST = 0.4;
/** How many answers of each server after the `up` are waited for. */
const ANSWERS = 10;

interface Fleet {
  sandbox: Sandbox;
  services: Map<string, Service>;
}

/** Runs a body after the stack's first `up`, which delivers a token to each server. */
function inFleet(body: (sandbox: Sandbox) => Promise<void>): Promise<void> {
  const config = { databases: JSON.stringify(NAMES), rotation: "1" };
  const options = { ownPackages: true, copy: FLEET, config, serverGeneration: "current" as const };
  return inSandbox(options, async (sandbox) => {
    const { stack } = sandbox;
    stack.writeFile("Pulumi.yaml", `${stack.readFile("Pulumi.yaml")}main: fleet.ts\n`);
    pin(sandbox);
    await must(sandbox, NPM);
    await sandbox.up();
    for (const name of ["app", "reports"]) {
      const client = await clientOf(sandbox, name);
      await client.migrate(["create table orders (id integer primary key)"]);
      client.close();
    }
    await body(sandbox);
  });
}

/** Starts the servers of a fleet, and clients that send requests to each of them. */
async function underLoad(
  sandbox: Sandbox,
  env: Record<string, string>,
  body: (fleet: Fleet) => Promise<void>,
): Promise<void> {
  const { project } = sandbox.stack;
  const services = new Map<string, Service>();
  try {
    for (const [name, { server, env: own }] of Object.entries(SERVERS)) {
      const files = {
        TOKEN_FILE: path.join(project, `${name}-token`),
        LOCAL_COPY: path.join(project, "orders.db"),
      };
      const all = { DATABASE_URL: urlOf(sandbox, name), ...files, ...own, ...env };
      services.set(name, await Service.start(all, path.join(project, server), project));
    }
    await sleep(500);
    await body({ sandbox, services });
  } finally {
    for (const service of services.values()) await service.stop();
  }
}

const urlOf = (sandbox: Sandbox, name: string): string =>
  `http://${sandbox.turso.platform.database(name).hostname}`;

/** A client with a token of its own, which the next rotation invalidates. */
async function clientOf(sandbox: Sandbox, name: string): Promise<Client> {
  const authToken = await sandbox.turso.platform.mintDatabaseToken(name, {});
  return createClient({ url: urlOf(sandbox, name), authToken });
}

/** Rotates the whole list, and returns when the `up` started and ended. */
async function rotate(
  { sandbox, services }: Fleet,
  trigger: string,
): Promise<{ start: number; end: number }> {
  for (const service of services.values()) assert.equal(service.since(0).failed, 0);
  const before = sandbox.rotations.length;
  await sandbox.stack.must("config", "set", "rotation", trigger);
  const start = Date.now();
  await sandbox.up();
  const end = Date.now();
  assert.deepEqual(sandbox.rotations.slice(before).sort(), NAMES.map((name) => `databases/${name}`).sort());
  const giveUpAt = end + 30_000;
  const isAnswered = (service: Service): boolean => service.since(end).all >= ANSWERS;
  while (![...services.values()].every(isAnswered) && Date.now() < giveUpAt) await sleep(100);
  return { start, end };
}

/** How many orders reached the database of the service with a local copy. */
async function pushed(sandbox: Sandbox): Promise<number> {
  const client = await clientOf(sandbox, "lone");
  const { rows } = await client.execute("select count(*) as orders from orders");
  client.close();
  return Number(rows[0]?.["orders"]);
}

describe("the servers of the example, while a list of their databases is rotated one after the other", function () {
  // it downloads and unpacks the example's own packages
  this.timeout(600_000);

  it("recover with each driver, lose no order, and answer every request if requests wait for the new token", () =>
    inFleet(async (sandbox) => {
      await underLoad(sandbox, {}, async (fleet) => {
        const { start, end } = await rotate(fleet, "2");
        for (const [name, service] of fleet.services) recovered(name, service, start, end);
        const lone = fleet.services.get("lone") as Service;
        await lone.stop();
        assert.equal(await pushed(sandbox), lone.served.length);
      });
      await underLoad(sandbox, { TOKEN_WAIT_MS: "30000" }, async (fleet) => {
        const { start } = await rotate(fleet, "3");
        for (const [name, service] of fleet.services) {
          const { driver = "" } = SERVERS[name] ?? {};
          const during = service.since(start);
          report(`${driver}, waiting for the token`, during);
          assert.ok(during.all >= ANSWERS, `${driver}: ${during.all} requests`);
          assert.equal(during.failed, 0, driver);
        }
      });
    }));
});

/** Some requests fail during the rotation, and none after it. */
function recovered(name: string, service: Service, start: number, end: number): void {
  const { driver = "" } = SERVERS[name] ?? {};
  const during = service.since(start);
  report(driver, during);
  assert.ok(during.failed > 0, `${driver}: no request failed, so the rotation was not under load`);
  assert.ok(during.failed <= during.all * FAILED_AT_MOST, `${driver}: too many requests failed`);
  assert.deepEqual(
    during.statuses.filter((status) => status !== 503),
    [],
    driver,
  );
  const after = service.since(end);
  assert.ok(after.all >= ANSWERS, `${driver}: ${after.all} requests after the up`);
  assert.equal(after.failed, 0, driver);
  assert.equal(service.process.exitCode, null, `${driver}: the server has exited`);
}
