import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { loadSdk } from "../../../src/hosts/dynamic/sdk";
import { engineLog } from "../../../src/hosts/shared/log";
import { closedPort } from "../../support/server";

// the modules of the Pulumi SDK, which brings gRPC along
const pulumi = createRequire(require.resolve("@pulumi/pulumi"));
const grpc = pulumi("@grpc/grpc-js") as {
  Server: new () => Server;
  ServerCredentials: { createInsecure(): unknown };
};
const { EngineService: service } = pulumi("@pulumi/pulumi/proto/engine_grpc_pb") as {
  EngineService: typeof EngineService;
};
const { LogSeverity } = pulumi(
  "@pulumi/pulumi/proto/engine_pb",
) as typeof import("@pulumi/pulumi/proto/engine_pb");
const { Empty } = pulumi("google-protobuf/google/protobuf/empty_pb") as { Empty: new () => object };

type Respond = (error: null, empty: object) => void;

interface Server {
  addService(
    of: typeof EngineService,
    rpcs: { log(call: { request: LogRequest }, respond: Respond): void },
  ): void;
  bindAsync(address: string, credentials: unknown, bound: (error: Error | null, port: number) => void): void;
  forceShutdown(): void;
}

/** An engine that implements the Log RPC alone. */
class Engine {
  readonly accepted: [severity: number, text: string][] = [];
  /** The resource that each message is about, and whether the message disappears. */
  readonly addressed: [urn: string, isEphemeral: boolean][] = [];
  /** Delays the response to a message. */
  beforeResponse: (text: string) => Promise<void> = () => Promise.resolve();
  private readonly server = new grpc.Server();

  async start(): Promise<string> {
    this.server.addService(service, {
      log: ({ request }, respond) => {
        const text = request.getMessage();
        void this.beforeResponse(text).then(() => {
          this.accepted.push([request.getSeverity(), text]);
          this.addressed.push([request.getUrn(), request.getEphemeral()]);
          respond(null, new Empty());
        });
      },
    });
    const port = await new Promise<number>((resolve, reject) => {
      this.server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    return `127.0.0.1:${port}`;
  }

  stop(): void {
    this.server.forceShutdown();
  }
}

describe("the log of a host", () => {
  const { log } = console;
  let engine: Engine;
  let address: string;
  let printed: string[];

  beforeEach(async () => {
    printed = [];
    console.log = (text: unknown) => printed.push(String(text));
    engine = new Engine();
    address = await engine.start();
  });
  afterEach(() => {
    console.log = log;
    engine.stop();
  });

  it("sends each message to the engine with its severity", async () => {
    const { notify, flush } = engineLog(address, loadSdk);
    notify("info", "minted");
    notify("warning", "not verified");
    await flush();
    assert.deepEqual(engine.accepted, [
      [LogSeverity.INFO, "minted"],
      [LogSeverity.WARNING, "not verified"],
    ]);
    assert.deepEqual(printed, []);
  });

  it("keeps the order of messages, even if the engine is slow to accept the first", async () => {
    const { notify, flush } = engineLog(address, loadSdk);
    engine.beforeResponse = async (text) => {
      if (text === "first") await new Promise((resolve) => setTimeout(resolve, 100));
    };
    for (const text of ["first", "second", "third"]) notify("info", text);
    await flush();
    assert.deepEqual(
      engine.accepted.map(([, text]) => text),
      ["first", "second", "third"],
    );
  });

  it("flushes only after the engine has accepted all messages", async () => {
    const { notify, flush } = engineLog(address, loadSdk);
    engine.beforeResponse = () => new Promise((resolve) => setTimeout(resolve, 100));
    notify("info", "minted");
    notify("info", "rotated");
    await flush();
    assert.equal(engine.accepted.length, 2);
  });

  it("prints messages to standard output if the engine is gone, in their order", async () => {
    const { notify, flush } = engineLog(`127.0.0.1:${await closedPort()}`, loadSdk);
    notify("warning", "not verified");
    notify("info", "minted");
    await flush();
    assert.deepEqual(printed, ["warning: not verified", "minted"]);
  });

  it("prints messages to standard output once the engine is gone", async () => {
    const { notify, flush } = engineLog(address, loadSdk);
    notify("info", "minted");
    await flush();
    engine.stop();
    notify("warning", "not verified");
    await flush();
    assert.deepEqual([engine.accepted.length, printed], [1, ["warning: not verified"]]);
  });

  it("names the resource of the current call, and shows only progress as a status that disappears", async () => {
    const urns = ["urn:a", "urn:b", "urn:b"];
    const { notify, flush } = engineLog(address, loadSdk, () => urns.shift());
    notify("progress", "1 of 2");
    notify("info", "rotated");
    notify("warning", "not verified");
    notify("progress", "2 of 2");
    await flush();
    assert.deepEqual(engine.addressed, [
      ["urn:a", true],
      ["urn:b", false],
      ["urn:b", false],
      ["", false],
    ]);
    assert.deepEqual(
      engine.accepted.map(([severity]) => severity),
      [LogSeverity.INFO, LogSeverity.INFO, LogSeverity.WARNING, LogSeverity.INFO],
    );
  });

  it("names the resource of the call in which a message was sent, even if it is delivered later", async () => {
    let urn = "urn:first";
    const { notify, flush } = engineLog(address, loadSdk, () => urn);
    notify("progress", "1 of 2");
    urn = "urn:second";
    await flush();
    assert.deepEqual(engine.addressed, [["urn:first", true]]);
  });

  it("keeps progress where the host knows no resource", async () => {
    const { notify, flush } = engineLog(address, loadSdk);
    notify("progress", "1 of 2");
    await flush();
    assert.deepEqual(engine.addressed, [["", false]]);
  });

  it("prints messages to standard output if the SDK lacks the engine's modules", async () => {
    const { notify, flush } = engineLog(address, () => {
      throw new Error("Cannot find module");
    });
    notify("progress", "1 of 2");
    await flush();
    assert.deepEqual([printed, engine.accepted], [["1 of 2"], []]);
  });

  for (const other of [undefined, "", "--timeout", "example.com:80", "127.0.0.1"])
    it(`prints messages to standard output if ${JSON.stringify(other) ?? "nothing"} is given as the engine's address`, async () => {
      const { notify, flush } = engineLog(other, loadSdk);
      notify("info", "minted");
      notify("warning", "not verified");
      await flush();
      assert.deepEqual(printed, ["minted", "warning: not verified"]);
    });
});
