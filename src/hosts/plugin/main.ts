/** The program `pulumi-resource-turso-tokens`, which Pulumi starts as a resource plugin. */
import { AsyncLocalStorage } from "node:async_hooks";
import { Server, ServerCredentials, credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import type { Properties } from "../../core/protocol";
import { readSettings } from "../../turso/connection";
import { endWithEngine, isEngineThere } from "../shared/engine";
import { engineLog } from "../shared/log";
import { Operations } from "../shared/operations";
import { rotationResource, tokenResource } from "../shared/resource";
import { Session } from "../shared/session";
import { service, withHandle } from "./provider";
import schema from "./schema.json";

const NAMESPACE = "turso-tokens";
const USAGE = `pulumi-resource-turso-tokens ${schema.version}: the Pulumi plugin that rotates Turso's tokens.

Pulumi starts it; there is nothing to run by hand. To let Pulumi find it, see docs/languages.md of pulumi-turso-tokens.

  pulumi-resource-turso-tokens --help      shows this
  pulumi-resource-turso-tokens --version   shows the version`;

/** The config of the provider: one process serves one provider. */
let config: Properties = {};
let isCancelled = false;

/** A value of the config by its full key. The engine passes each value without the namespace. */
const reader =
  (values: Properties) =>
  (key: string): unknown =>
    values[key.slice(NAMESPACE.length + 1)];

function start(engine: string | undefined): void {
  const urns = new AsyncLocalStorage<string>();
  const load = () => ({ EngineClient, LogRequest, LogSeverity, credentials });
  const session = new Session({
    configNamespace: NAMESPACE,
    config: (key) => reader(config)(key),
    log: engineLog(engine, load, () => urns.getStore()),
    showsFailures: true,
    isCallerAlive: async () => !isCancelled && (await isEngineThere(engine)),
  });
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(
    ResourceProviderService,
    service({
      version: schema.version,
      schema: JSON.stringify(schema),
      resources: {
        [`${NAMESPACE}:index:TokenRotation`]: {
          operations: new Operations(session, rotationResource),
          extraOutputs: withHandle,
        },
        [`${NAMESPACE}:index:AuthToken`]: {
          operations: new Operations(session, tokenResource),
          extraOutputs: () => ({}),
        },
      },
      configure: (values) => (config = values),
      configProblem: (values) => {
        const settings = readSettings(reader(values), process.env, NAMESPACE);
        return "problem" in settings ? { property: settings.property, reason: settings.problem } : undefined;
      },
      cancel: () => (isCancelled = true),
      during: (urn, act) => urns.run(urn, act),
    }),
  );
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    endWithEngine(engine);
    console.log(port); // what the engine waits for
  });
}

const [first] = process.argv.slice(2);
if (first === "--help" || first === "-h") console.log(USAGE);
else if (first === "--version") console.log(schema.version);
else start(process.argv.at(-1));
