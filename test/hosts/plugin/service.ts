import { status, type UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { service, type Plugin } from "../../../src/hosts/plugin/provider";
import { fromStruct, toStruct } from "../../../src/hosts/plugin/struct";
import type { AnyOperations } from "../../../src/hosts/shared/operations";

export type Properties = Record<string, unknown>;

export const TYPE = "turso-tokens:index:TokenRotation";
export const URN = `urn:pulumi:dev::shop::my:Component$${TYPE}::rotation`;

const NAMES = [
  "check",
  "diff",
  "requireSameTarget",
  "create",
  "read",
  "update",
  "preview",
  "delete",
] as const;

/** What each operation answers, or the error that it fails with; a test gives only those that it expects to be called. */
type Answers = Partial<Record<(typeof NAMES)[number], unknown>>;

interface Failure {
  code: number;
  details: string;
}

type Handler = (
  call: { request: unknown },
  respond: (error: Failure | null, response: unknown) => void,
) => void;

interface Setter {
  (value: never): unknown;
}

/** The plugin's service over fake operations. It is called with protobuf messages, without a server. */
export class FakePlugin {
  /** The calls of the operations, with what each was given. */
  readonly calls: unknown[][] = [];
  /** The resources that calls were about. */
  readonly urns: string[] = [];
  readonly configured: Properties[] = [];
  cancellations = 0;
  private readonly service: UntypedServiceImplementation;

  constructor(answers: Answers = {}, changes: Partial<Plugin> = {}) {
    const answer =
      (name: (typeof NAMES)[number]) =>
      (...given: unknown[]): Promise<unknown> => {
        this.calls.push([name, ...given]);
        if (!(name in answers)) return Promise.reject(new Error(`unexpected call of ${name}`));
        const result = answers[name];
        return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
      };
    const operations = Object.fromEntries(NAMES.map((name) => [name, answer(name)]));
    this.service = service({
      version: "1.2.3",
      schema: '{"name":"turso-tokens"}',
      resources: {
        [TYPE]: {
          operations: operations as unknown as AnyOperations,
          extraOutputs: ({ scope }) => ({ handle: { scope } }),
        },
      },
      configure: (config) => this.configured.push(config),
      configProblem: () => undefined,
      cancel: () => (this.cancellations += 1),
      during: (urn, act) => {
        this.urns.push(urn);
        return act();
      },
      ...changes,
    });
  }

  /** Calls a method of the protocol. @returns what it answers */
  async call<Response>(method: string, request: unknown): Promise<Response> {
    const { error, response } = await this.answer(method, request);
    if (error) throw new Error(error.details);
    return response as Response;
  }

  /** Calls a method that fails. @returns the text that the engine shows */
  async failure(method: string, request: unknown): Promise<string> {
    const { error } = await this.answer(method, request);
    return error?.code === status.UNKNOWN ? error.details : `no failure, or one with the code ${error?.code}`;
  }

  private answer(method: string, request: unknown): Promise<{ error: Failure | null; response: unknown }> {
    const handler = this.service[method] as unknown as Handler;
    return new Promise((resolve) => {
      handler({ request }, (error, response) => resolve({ error, response }));
    });
  }
}

/** Fills a message of the protocol by the names of its setters, without `set`; an object becomes a struct. */
export function message<T extends object>(Message: new () => T, fields: Properties): T {
  const made = new Message();
  for (const [name, value] of Object.entries(fields)) {
    const set = (made as unknown as Record<string, Setter>)[`set${name}`];
    if (set === undefined) throw new Error(`The message has no field ${name}.`);
    set.call(made, (typeof value === "object" ? toStruct(value as Properties) : value) as never);
  }
  return made;
}

/** What a struct in a response holds, with secrets in clear. */
export const held = (struct: Struct | undefined): Properties => fromStruct(struct);
