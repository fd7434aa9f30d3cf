import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isEngine, isEngineThere } from "../../../src/hosts/shared/engine";
import { closedPort } from "../../support/server";

const ENGINE = path.join(__dirname, "../../../src/hosts/shared/engine");
const HOST = path.join(__dirname, "../../../src/hosts/dynamic");

describe("an engine's address", () => {
  for (const [address, expected] of [
    ["127.0.0.1:40123", true],
    ["localhost:1", true],
    ["[::1]:65535", true],
    [undefined, false],
    ["", false],
    ["--timeout", false],
    ["test/hosts/engine.test.ts", false],
    ["127.0.0.1", false],
    ["10.0.0.1:40123", false],
    ["127.0.0.1:40123/x", false],
  ] as const)
    it(`${expected ? "can be" : "is not"} ${address ?? "absent"}`, () =>
      assert.equal(isEngine(address), expected));
});

describe("a provider process", function () {
  this.timeout(30_000);
  const children: ChildProcess[] = [];
  const servers: Server[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await Promise.all(servers.splice(0).map(close));
  });

  const close = (server: Server): Promise<unknown> =>
    new Promise((resolve) => (server.listening ? server.close(resolve) : resolve(undefined)));
  const listen = async (port = 0): Promise<{ server: Server; port: number; address: string }> => {
    const server = createServer((socket) => socket.on("error", () => undefined).end());
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    servers.push(server);
    const { port: own } = server.address() as AddressInfo;
    return { server, port: own, address: `127.0.0.1:${own}` };
  };
  /** Starts a process that stays until it is ended, and waits until it has run the script. */
  const start = async (script: string, address: string): Promise<{ hasEnded: () => boolean }> => {
    const stay = "const every = setInterval; every(() => undefined, 60_000);";
    const code = `${stay}${script}; console.log("ready");`;
    const args = ["-r", "ts-node/register/transpile-only", "-e", code, address];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    await once(child.stdout, "data");
    return { hasEnded: () => child.exitCode !== null };
  };
  const asks = (everyMs: number): string =>
    `require(${JSON.stringify(ENGINE)}).endWithEngine(process.argv.at(-1), ${everyMs})`;
  const until = async (isTrue: () => boolean, limitMs: number): Promise<boolean> => {
    const end = performance.now() + limitMs;
    while (!isTrue() && performance.now() < end) await sleep(20);
    return isTrue();
  };

  it("knows whether its engine is there", async () => {
    const { address } = await listen();
    assert.equal(await isEngineThere(address), true);
    assert.equal(await isEngineThere(`127.0.0.1:${await closedPort()}`), false);
    assert.equal(await isEngineThere(undefined), true);
    assert.equal(await isEngineThere("test/hosts/engine.test.ts"), true);
  });

  it("ends by itself once its engine is gone", async () => {
    const { server, address } = await listen();
    const { hasEnded } = await start(asks(50), address);
    await sleep(500);
    assert.equal(hasEnded(), false, "the engine is there");
    await close(server);
    assert.equal(await until(hasEnded, 10_000), true);
  });

  it("does not end for one refused connection", async () => {
    const { server, port, address } = await listen();
    const asked = once(server, "connection");
    const { hasEnded } = await start(asks(2_000), address);
    await asked;
    await close(server);
    await sleep(2_500); // it asks once in this time
    const again = await listen(port);
    let isAsked = false;
    again.server.once("connection", () => (isAsked = true));
    assert.equal(await until(() => isAsked || hasEnded(), 10_000), true);
    assert.equal(hasEnded(), false);
  });

  it("stays where its last argument is no engine's address", async () => {
    const { hasEnded } = await start(asks(20), "file.js");
    await sleep(500);
    assert.equal(hasEnded(), false);
  });

  it("asks every 10 s from the moment that it loads the dynamic host", async () => {
    const { server, address } = await listen();
    // a second takes 10 ms, so that the test need not wait for two asks
    const hasten = "globalThis.setInterval = (act, ms) => every(act, ms / 100)";
    const { hasEnded } = await start(`${hasten}; require(${JSON.stringify(HOST)})`, address);
    await sleep(1_000);
    assert.equal(hasEnded(), false, "the engine is there");
    await close(server);
    assert.equal(await until(hasEnded, 10_000), true);
  });
});
