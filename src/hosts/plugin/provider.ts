/**
 * The native host: Pulumi's provider protocol over gRPC, for programs in any of its languages. It translates between the
 * protocol and the operations, and contains no logic of its own.
 */
import { status, type handleUnaryCall, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import type { Properties } from "../../core/protocol";
import type { AnyOperations } from "../shared/operations";
import { withoutHostKeys } from "../shared/values";
import { fromStruct, toStruct } from "./struct";

/** One of the plugin's resources. */
export interface NativeResource {
  operations: AnyOperations;
  /** What this host adds to a resource's outputs. */
  extraOutputs: (state: Properties) => Properties;
}

/** What an AuthToken takes as its `rotation`. */
export const withHandle = ({ scope, organization, rotations, rotateEvery }: Properties): Properties => ({
  handle: { scope, organization, rotations, ...(rotateEvery !== undefined && { rotateEvery }) },
});

export interface Plugin {
  version: string;
  schema: string;
  /** By the type token. */
  resources: Readonly<Record<string, NativeResource>>;
  configure: (config: Properties) => void;
  /** A sentence that says what is wrong with the config, or undefined. */
  configProblem: (config: Properties) => { property: string; reason: string } | undefined;
  cancel: () => void;
  /** Runs a call, so that its messages name the resource. */
  during: <T>(urn: string, act: () => Promise<T>) => Promise<T>;
}

interface Addressed {
  getUrn(): string;
}

/** The calls of the protocol that the plugin answers; gRPC answers all others with "unimplemented". */
export function service(plugin: Plugin): UntypedServiceImplementation {
  /** The resources that this process has read by their id alone: these are being imported. */
  const imported = new Set<string>();

  const of = (request: Addressed): NativeResource => {
    const type = request.getUrn().split("::")[2]?.split("$").at(-1) ?? "";
    const resource = plugin.resources[type];
    if (resource) return resource;
    throw new Error(
      `This version of the plugin turso-tokens (${plugin.version}) has no resource ${type}. Nothing was changed. Install the version that the program was written for.`,
    );
  };
  const call = <Request extends Addressed, Response>(
    act: (request: Request, resource: NativeResource) => Promise<Response>,
  ): handleUnaryCall<Request, Response> =>
    unary((request) => plugin.during(request.getUrn(), () => act(request, of(request))));

  return {
    getPluginInfo: unary(() => {
      const info = new PluginInfo();
      info.setVersion(plugin.version);
      return Promise.resolve(info);
    }),

    getSchema: unary(() => {
      const response = new proto.GetSchemaResponse();
      response.setSchema(plugin.schema);
      return Promise.resolve(response);
    }),

    checkConfig: unary((request: proto.CheckRequest) => {
      const problem = plugin.configProblem(fromStruct(request.getNews()));
      return Promise.resolve(checked(request.getNews(), problem ? [problem] : []));
    }),

    // a different connection never replaces a provider: that would replace, and so rotate, all that it manages
    diffConfig: unary(() => Promise.resolve(difference(true, []))),

    configure: unary((request: proto.ConfigureRequest) => {
      plugin.configure(fromStruct(request.getArgs()));
      const response = new proto.ConfigureResponse();
      response.setSupportspreview(true);
      return Promise.resolve(response);
    }),

    check: call(async (request: proto.CheckRequest, { operations }) => {
      const { inputs, failures } = await operations.check(
        withoutHostKeys(fromStruct(request.getOlds())),
        fromStruct(request.getNews()),
      );
      // the reasons name their arguments
      return checked(
        toStruct(inputs),
        failures.map((reason) => ({ property: "", reason })),
      );
    }),

    diff: call(async (request: proto.DiffRequest, { operations, extraOutputs }) => {
      const olds = fromStruct(request.getOlds());
      if (imported.has(request.getUrn())) {
        await operations.requireSameTarget(request.getId(), fromStruct(request.getNews()));
        return difference(false, []);
      }
      const { changes, replaces } = await operations.diff(
        withoutHostKeys(olds),
        fromStruct(request.getNews()),
      );
      // the state of a dynamic resource lacks what this host adds
      const isWhole = Object.keys(extraOutputs(olds)).every((key) => key in olds);
      return difference(changes || !isWhole, replaces);
    }),

    create: call(async (request: proto.CreateRequest, { operations, extraOutputs }) => {
      const news = fromStruct(request.getProperties());
      const { id = "", state } = request.getPreview()
        ? await operations.preview(undefined, news)
        : await operations.create(news);
      const response = new proto.CreateResponse();
      response.setId(id);
      response.setProperties(toStruct({ ...state, ...extraOutputs(state) }));
      return response;
    }),

    read: call(async (request: proto.ReadRequest, { operations, extraOutputs }) => {
      const response = new proto.ReadResponse();
      const props = withoutHostKeys(fromStruct(request.getProperties()));
      if (Object.keys(props).length === 0) imported.add(request.getUrn());
      const state = await operations.read(request.getId(), props);
      if (state === undefined) return response;
      const inputs = fromStruct(request.getInputs());
      const { scope, organization } = state;
      response.setId(request.getId());
      response.setProperties(toStruct({ ...state, ...extraOutputs(state) }));
      response.setInputs(toStruct(Object.keys(inputs).length > 0 ? inputs : { scope, organization }));
      return response;
    }),

    update: call(async (request: proto.UpdateRequest, { operations, extraOutputs }) => {
      const olds = withoutHostKeys(fromStruct(request.getOlds()));
      const news = fromStruct(request.getNews());
      const state = request.getPreview()
        ? (await operations.preview(olds, news)).state
        : await operations.update(olds, news);
      const response = new proto.UpdateResponse();
      response.setProperties(toStruct({ ...state, ...extraOutputs(state) }));
      return response;
    }),

    delete: call(async (request: proto.DeleteRequest, { operations }) => {
      await operations.delete(request.getId(), withoutHostKeys(fromStruct(request.getProperties())));
      return new Empty();
    }),

    cancel: unary(() => {
      plugin.cancel();
      return Promise.resolve(new Empty());
    }),
  };
}

const unary =
  <Request, Response>(act: (request: Request) => Promise<Response>): handleUnaryCall<Request, Response> =>
  ({ request }, respond) =>
    // in a promise, so that what `act` throws before its first await becomes an answer too
    void Promise.resolve()
      .then(() => act(request))
      .then(
        (response) => respond(null, response),
        (error: unknown) => respond({ code: status.UNKNOWN, details: textOf(error) }),
      );

/** The trace of a bug of this package is useful; any other error has a sentence for a person. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "Error" ? error.message : (error.stack ?? error.message);
}

function checked(
  inputs: Struct | undefined,
  problems: readonly { property: string; reason: string }[],
): proto.CheckResponse {
  const response = new proto.CheckResponse();
  response.setInputs(inputs);
  response.setFailuresList(
    problems.map(({ property, reason }) => {
      const failure = new proto.CheckFailure();
      failure.setProperty(property);
      failure.setReason(reason);
      return failure;
    }),
  );
  return response;
}

function difference(changes: boolean, replaces: string[]): proto.DiffResponse {
  const { DIFF_SOME, DIFF_NONE } = proto.DiffResponse.DiffChanges;
  const response = new proto.DiffResponse();
  response.setChanges(changes ? DIFF_SOME : DIFF_NONE);
  response.setReplacesList(replaces);
  return response;
}
