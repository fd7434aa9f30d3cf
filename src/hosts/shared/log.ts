import type { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { Level } from "../../core/context";
import { isEngine } from "./engine";

/** Shows messages to the person who runs the program. */
export interface Log {
  notify: (level: Level, text: string) => void;
  /** Resolves once all messages so far were delivered, so that they appear before the resource's result. */
  flush: () => Promise<void>;
}

/** What a log needs of Pulumi's SDK; each host loads it in its own way. */
export interface EngineModules {
  EngineClient: typeof EngineClient;
  LogRequest: typeof LogRequest;
  LogSeverity: typeof LogSeverity;
  credentials: { createInsecure(): ConstructorParameters<typeof EngineClient>[1] };
}

/**
 * A log that gives each message its severity, so that Pulumi shows a warning as `warning:`. Where the engine's address is
 * not known or does not answer, messages go to standard output, which Pulumi shows as information.
 *
 * @param address the engine's address, which Pulumi passes as the last argument of a provider process
 * @param urn names the resource that the current call is about, where the host knows it. Only then is progress shown as a
 * status that disappears: without a resource, the engine has no place for one.
 */
export function engineLog(
  address: string | undefined,
  load: () => EngineModules,
  urn: () => string | undefined = () => undefined,
): Log {
  const client = address !== undefined && isEngine(address) ? connect(address, load) : undefined;
  let last = Promise.resolve();
  return {
    notify: (level, text) => {
      const message = { level, text, urn: urn() };
      if (client === undefined) print(level, text);
      else last = last.then(() => client.send(message).catch(() => print(level, text)));
    },
    flush: () => last,
  };
}

const print = (level: Level, text: string): void =>
  console.log(level === "warning" ? `warning: ${text}` : text);

const DEADLINE_MS = 5_000;

interface Message {
  level: Level;
  text: string;
  urn: string | undefined;
}

function connect(
  address: string,
  load: () => EngineModules,
): { send(message: Message): Promise<void> } | undefined {
  try {
    const modules = load();
    const client = new modules.EngineClient(address, modules.credentials.createInsecure());
    return { send: (message) => send(client, requestFor(message, modules)) };
  } catch {
    return undefined; // an SDK without these modules
  }
}

function requestFor({ level, text, urn }: Message, modules: EngineModules): LogRequest {
  const request = new modules.LogRequest();
  request.setSeverity(modules.LogSeverity[level === "warning" ? "WARNING" : "INFO"]);
  request.setMessage(text);
  if (urn !== undefined) {
    request.setUrn(urn);
    request.setEphemeral(level === "progress");
  }
  return request;
}

const send = (client: EngineClient, request: LogRequest): Promise<void> =>
  new Promise((resolve, reject) => {
    client.log(request, { deadline: Date.now() + DEADLINE_MS } as never, (error: Error | null) =>
      error ? reject(error) : resolve(),
    );
  });
