import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import path from "node:path";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { FakeTurso } from "../../support/fake-turso";

const MAIN = path.join(__dirname, "../../../src/hosts/plugin/main.ts");
const URN = "urn:pulumi:dev::app::turso-tokens:index:TokenRotation::r";

describe("the plugin's process", function () {
  this.timeout(60_000);
  const turso = FakeTurso.use();
  let engine: Server;
  let child: ChildProcess;
  let client: ResourceProviderClient;

  /** The response to a call. */
  const answer = <Response>(
    call: (respond: (error: ServiceError | null, response: Response) => void) => unknown,
  ): Promise<Response> =>
    new Promise((resolve, reject) => call((error, response) => (error ? reject(error) : resolve(response))));
  const create = (): Promise<proto.CreateResponse> => {
    const request = new proto.CreateRequest();
    request.setUrn(URN);
    request.setProperties(
      Struct.fromJavaScript({ scope: { database: "app" }, organization: "acme", trigger: 1, verify: "off" }),
    );
    return answer<proto.CreateResponse>((respond) => client.create(request, respond));
  };

  beforeEach(async () => {
    engine = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => engine.listen(0, "127.0.0.1", resolve));
    const address = `127.0.0.1:${(engine.address() as AddressInfo).port}`;
    const args = ["-r", "ts-node/register/transpile-only", MAIN, address];
    child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    assert(child.stdout);
    const [port] = (await once(child.stdout, "data")) as [Buffer];
    client = new ResourceProviderClient(`127.0.0.1:${String(port).trim()}`, credentials.createInsecure());
    const configuration = new proto.ConfigureRequest();
    const { apiUrl, apiToken = "" } = turso.settings();
    configuration.setArgs(Struct.fromJavaScript({ apiUrl, apiToken, organization: "acme" }));
    await answer<unknown>((respond) => client.configure(configuration, respond));
  });
  afterEach(async () => {
    client.close();
    child.kill("SIGKILL");
    await new Promise((resolve) => engine.close(resolve));
  });

  it("rotates with the configuration that the engine sends", async () => {
    const response = await create();
    assert.equal(response.getId(), "acme/databases/app");
    assert.deepEqual(turso.rotations(), ["database app"]);
  });

  it("sends no rotation once the engine has cancelled the run", async () => {
    await answer<unknown>((respond) => client.cancel(new Empty(), respond));
    await assert.rejects(create(), /acme\/databases\/app/);
    assert.deepEqual(turso.rotateRequests(), []);
  });

  it("previews a create without a rotation", async () => {
    const request = new proto.CreateRequest();
    request.setUrn(URN);
    request.setPreview(true);
    request.setProperties(
      Struct.fromJavaScript({ scope: { database: "app" }, organization: "acme", trigger: 1 }),
    );
    const response = await answer<proto.CreateResponse>((respond) => client.create(request, respond));
    assert.equal(response.getId(), "acme/databases/app");
    assert.deepEqual(turso.requests(), []);
  });
});
