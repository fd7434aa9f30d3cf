import assert from "node:assert/strict";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { authToken, tokenRotation } from "../../../src/hosts/dynamic";
import type { AnyOperations } from "../../../src/hosts/shared/operations";
import { Operations } from "../../../src/hosts/shared/operations";
import { rotationResource, tokenResource } from "../../../src/hosts/shared/resource";
import { Session } from "../../../src/hosts/shared/session";
import { useEnvironment } from "../../support/environment";
import { FakeTurso } from "../../support/fake-turso";
import { FakePlugin, URN, message, type Properties } from "./service";

const TOKEN_URN = URN.replace("TokenRotation", "AuthToken");
const GROUP = { group: "default" };

/** What a language without types may send. */
const ROTATIONS: Record<string, Properties> = {
  "no arguments": {},
  "a scope that is text": { scope: "default", trigger: 1 },
  "a scope with a number for a name": { scope: { database: 7 }, trigger: 1 },
  "a scope with text for a list": { scope: { databases: "app" }, trigger: 1 },
  "a scope with two forms": { scope: { database: "app", group: "default" }, trigger: 1 },
  "a duration that is a number": { scope: GROUP, rotateEvery: 90 },
  "a flag that is text": { scope: GROUP, trigger: 1, suspend: "true" },
  "a count that is text": { scope: { databases: ["app"] }, trigger: 1, parallelism: "4" },
  "a count that is a fraction": { scope: { databases: ["app"] }, trigger: 1, parallelism: 1.5 },
  "a word that does not exist": { scope: GROUP, trigger: 1, verify: "sometimes" },
  "an unknown argument": { scope: GROUP, trigger: 1, rotate_every: "90d" },
  "settings of tokens that are a list": { scope: GROUP, trigger: 1, mint: ["120d"] },
  "an organization that is a number": { scope: GROUP, trigger: 1, organization: 7 },
};

const TOKENS: Record<string, Properties> = {
  "no arguments": {},
  "the id of a rotation": { scope: GROUP, rotation: "acme/groups/default" },
  "permissions that are text": { scope: GROUP, permissions: "data_read" },
  "a list that is text": { scope: GROUP, readAttach: "reports" },
  "an expiration that is a number": { scope: GROUP, expiration: 120 },
  "an authorization that does not exist": { scope: GROUP, authorization: "readonly" },
};

describe("the native host says the sentences of the dynamic one", () => {
  const turso = FakeTurso.use();
  useEnvironment();
  const settings = (namespace: string): Record<string, string> => ({
    [`${namespace}:apiUrl`]: turso.url,
    [`${namespace}:apiToken`]: turso.emulator.apiToken,
    [`${namespace}:organization`]: "acme",
  });

  beforeEach(() => {
    const config = settings("turso");
    void tokenRotation.configure({
      config: { get: (key) => config[key], require: (key) => config[key] ?? "" },
    });
  });

  /** The reasons against a resource's arguments. */
  async function native(urn: string, News: Properties): Promise<string[]> {
    const config = settings("turso-tokens");
    const session = new Session({
      configNamespace: "turso-tokens",
      config: (key) => config[key],
      log: { notify: () => undefined, flush: () => Promise.resolve() },
      showsFailures: true,
      isCallerAlive: () => Promise.resolve(true),
    });
    const resource = (operations: AnyOperations) => ({ operations, extraOutputs: () => ({}) });
    const resources = {
      "turso-tokens:index:TokenRotation": resource(new Operations(session, rotationResource)),
      "turso-tokens:index:AuthToken": resource(new Operations(session, tokenResource)),
    };
    const request = message(proto.CheckRequest, { Urn: urn, News });
    const response = await new FakePlugin({}, { resources }).call<proto.CheckResponse>("check", request);
    return response.getFailuresList().map((each) => each.getReason());
  }

  for (const [name, urn, dynamic, cases] of [
    ["TokenRotation", URN, tokenRotation, ROTATIONS],
    ["AuthToken", TOKEN_URN, authToken, TOKENS],
  ] as const)
    for (const [what, args] of Object.entries(cases))
      it(`for ${name} with ${what}`, async () => {
        const { failures = [] } = await dynamic.check({}, args);
        assert.ok(failures.length > 0, "the dynamic host accepts it");
        assert.deepEqual(
          await native(urn, args),
          failures.map(({ reason }) => reason),
        );
        assert.deepEqual(turso.requests(), []);
      });
});
