import * as proto from "@pulumi/pulumi/proto/provider_pb";
import type { CheckResult, DiffResult, ReadResult } from "../../../src/core/protocol";
import { withHandle } from "../../../src/hosts/plugin/provider";
import { Operations } from "../../../src/hosts/shared/operations";
import { rotationResource, tokenResource } from "../../../src/hosts/shared/resource";
import type { Session } from "../../../src/hosts/shared/session";
import { fromEngine, toEngine } from "../../../src/hosts/shared/values";
import { FakePlugin, held, message, type Properties } from "../../hosts/plugin/service";
import type { Process } from "./process";

/** The interface of both resources' logic. To the engine, properties are opaque. */
export interface Logic {
  check(olds: Properties, news: Properties): Promise<CheckResult>;
  diff(olds: Properties, news: Properties): Promise<DiffResult>;
  create(news: Properties): Promise<{ id: string; state: Properties }>;
  update(olds: Properties, news: Properties): Promise<Properties>;
  read(id: string, props: Properties): Promise<ReadResult<Properties>>;
}

export type ResourceType = "rotation" | "token";

/** What the model's engine calls: the resources' logic alone, or the native plugin around it. */
export type Host = "logic" | "plugin";

/** @throws if the variable MODEL_HOST has a value that is no host */
export function hostOfEnvironment(): Host {
  const host = process.env["MODEL_HOST"] ?? "logic";
  if (host === "logic" || host === "plugin") return host;
  throw new Error(`MODEL_HOST must be "logic" or "plugin", not ${JSON.stringify(host)}.`);
}

export const logicIn = (host: Host, type: ResourceType, process: Process): Logic =>
  host === "plugin" ? new PluginLogic(type, process) : alone(type, process);

/** Casts, because the properties that the engine passes are untyped. */
const alone = (type: ResourceType, { context }: Process): Logic =>
  (type === "rotation" ? rotationResource(context) : tokenResource(context)) as unknown as Logic;

const URN = "urn:pulumi:dev::model::turso-tokens:index:Any::any";

/** A resource behind the plugin's protocol: each call and each answer is a message of it. */
class PluginLogic implements Logic {
  private readonly plugin: FakePlugin;

  constructor(type: ResourceType, process: Process) {
    const session = sessionOf(process);
    const native =
      type === "rotation"
        ? { operations: new Operations(session, rotationResource), extraOutputs: withHandle }
        : { operations: new Operations(session, tokenResource), extraOutputs: () => ({}) };
    this.plugin = new FakePlugin({}, { resources: { "turso-tokens:index:Any": native } });
  }

  async check(olds: Properties, news: Properties): Promise<CheckResult> {
    const fields = { Urn: URN, Olds: toEngine(olds), News: toEngine(news) };
    const response = await this.plugin.call<proto.CheckResponse>(
      "check",
      message(proto.CheckRequest, fields),
    );
    const problems = response.getFailuresList().map((failure) => ({
      property: failure.getProperty(),
      reason: failure.getReason(),
    }));
    return { additions: fromEngine(held(response.getInputs())), problems };
  }

  async diff(olds: Properties, news: Properties): Promise<DiffResult> {
    const fields = { Urn: URN, Olds: toEngine(olds), News: toEngine(news) };
    const response = await this.plugin.call<proto.DiffResponse>("diff", message(proto.DiffRequest, fields));
    const changes = response.getChanges() === proto.DiffResponse.DiffChanges.DIFF_SOME;
    return { changes, replaces: response.getReplacesList() };
  }

  async create(news: Properties): Promise<{ id: string; state: Properties }> {
    const request = message(proto.CreateRequest, { Urn: URN, Properties: news });
    const response = await this.plugin.call<proto.CreateResponse>("create", request);
    return { id: response.getId(), state: held(response.getProperties()) };
  }

  async update(olds: Properties, news: Properties): Promise<Properties> {
    const request = message(proto.UpdateRequest, { Urn: URN, Olds: olds, News: news });
    const response = await this.plugin.call<proto.UpdateResponse>("update", request);
    return held(response.getProperties());
  }

  async read(id: string, props: Properties): Promise<ReadResult<Properties>> {
    const request = message(proto.ReadRequest, { Urn: URN, Id: id, Properties: props });
    const response = await this.plugin.call<proto.ReadResponse>("read", request);
    return response.getId() === "" ? { gone: true } : { gone: false, state: held(response.getProperties()) };
  }
}

/** The session of a plugin that has the process's context, with the schedule's clock and faults. */
const sessionOf = ({ context, messages }: Process): Session => {
  const session: Pick<Session, keyof Session> = {
    log: { notify: (_level, text) => messages.push(text), flush: () => Promise.resolve() },
    showsFailures: false, // the model's engine complains of them as the resource class does
    contextOrProblem: () => context,
    requireContext: () => context,
    contextOfDiff: () => context,
    programRuns: () => undefined,
    hasRotated: (id) => context.ledger.hasRotated(id),
    offline: context,
  };
  return session as Session;
};
