import { createRequire } from "node:module";
import type { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { Level } from "../../core/context";
import { isEngine } from "./engine";

/** Shows messages to the person who runs the program. */
export interface Log {
  notify: (level: Level, text: string) => void;
  /** Resolves once all messages so far were delivered, so that they appear before the resource's result. */
  flush: () => Promise<void>;
}

/**
 * A log that gives each message its severity, so that Pulumi shows a warning as `warning:`. Where the engine's address is
 * not known or does not answer, messages go to standard output, which Pulumi shows as information.
 *
 * @param address the engine's address, which Pulumi passes as the last argument of a provider process
 */
export function engineLog(address: string | undefined): Log {
  const client = address !== undefined && isEngine(address) ? connect(address) : undefined;
  let last = Promise.resolve();
  return {
    notify: (level, text) => {
      if (client === undefined) print(level, text);
      else last = last.then(() => client.send(level, text).catch(() => print(level, text)));
    },
    flush: () => last,
  };
}

const print = (level: Level, text: string): void =>
  console.log(level === "warning" ? `warning: ${text}` : text);

const DEADLINE_MS = 5_000;

/** The modules of the Pulumi SDK that runs this process. */
interface Engine {
  send(level: Level, text: string): Promise<void>;
}

function connect(address: string): Engine | undefined {
  try {
    // loaded here, since only a provider process has them loaded already; gRPC is a dependency of Pulumi's, not ours
    const pulumi = createRequire(require.resolve("@pulumi/pulumi"));
    const { EngineClient } = pulumi(
      "@pulumi/pulumi/proto/engine_grpc_pb",
    ) as typeof import("@pulumi/pulumi/proto/engine_grpc_pb");
    const proto = pulumi("@pulumi/pulumi/proto/engine_pb") as typeof import("@pulumi/pulumi/proto/engine_pb");
    const { credentials } = pulumi("@grpc/grpc-js") as {
      credentials: { createInsecure(): ConstructorParameters<typeof EngineClient>[1] };
    };
    const client = new EngineClient(address, credentials.createInsecure());
    const severity = { info: proto.LogSeverity.INFO, warning: proto.LogSeverity.WARNING };
    return {
      send: (level, text) => send(client, new proto.LogRequest(), severity[level], text),
    };
  } catch {
    return undefined; // an SDK without these modules
  }
}

function send(
  client: EngineClient,
  request: import("@pulumi/pulumi/proto/engine_pb").LogRequest,
  severity: import("@pulumi/pulumi/proto/engine_pb").LogSeverity,
  text: string,
): Promise<void> {
  request.setSeverity(severity);
  request.setMessage(text);
  return new Promise((resolve, reject) => {
    client.log(request, { deadline: Date.now() + DEADLINE_MS } as never, (error: Error | null) =>
      error ? reject(error) : resolve(),
    );
  });
}
