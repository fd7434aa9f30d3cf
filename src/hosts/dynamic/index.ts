/**
 * The dynamic host: what Pulumi's provider process calls, by this module's name. It translates between the engine's
 * interface for dynamic resources and the operations, and contains no logic of its own.
 */
import type * as pulumi from "@pulumi/pulumi";
import type { Properties } from "../../core/protocol";
import { endWithEngine, isEngineThere } from "../shared/engine";
import { engineLog } from "../shared/log";
import { Operations, type AnyOperations } from "../shared/operations";
import { rotationResource, tokenResource } from "../shared/resource";
import { Session } from "../shared/session";
import { withoutHostKeys } from "../shared/values";
import { loadSdk } from "./sdk";

const PROVIDER_KEY = "__provider";

/** Config as the engine passes it, secrets in clear, in this process alone. */
let config: { get(key: string): unknown } | undefined;

/** The engine's address: the process's last argument. */
const ENGINE = process.argv.at(-1);
endWithEngine(ENGINE);

const session = new Session({
  configNamespace: "turso",
  config: (key) => config?.get(key),
  log: engineLog(ENGINE, loadSdk),
  showsFailures: false,
  isCallerAlive: () => isEngineThere(ENGINE),
});

type Host = Required<pulumi.dynamic.ResourceProvider<Properties, Properties>>;

/** A resource's provider, in the form in which Pulumi's provider process calls it. */
function host(operations: AnyOperations): Host {
  return {
    configure(request) {
      config = request.config;
      return Promise.resolve();
    },

    async check(olds, news) {
      const { inputs, failures } = await operations.check(withoutHostKeys(olds), withoutHostKeys(news));
      const provider = PROVIDER_KEY in news && { [PROVIDER_KEY]: news[PROVIDER_KEY] };
      return { inputs: { ...inputs, ...provider }, failures: failures.map(unnamed) };
    },

    async diff(_id, olds, news) {
      const { changes, replaces } = await operations.diff(withoutHostKeys(olds), withoutHostKeys(news));
      // the native plugin's state has no provider text, without which the engine can neither refresh nor delete
      return { changes: changes || !(PROVIDER_KEY in olds), replaces };
    },

    async create(news) {
      const { id, state } = await operations.create(withoutHostKeys(news));
      return { id, outs: state };
    },

    async read(id, props = {}) {
      const state = await operations.read(id, withoutHostKeys(props));
      return state === undefined ? {} : { id, props: state };
    },

    async update(_id, olds, news) {
      return { outs: await operations.update(withoutHostKeys(olds), withoutHostKeys(news)) };
    },

    delete: (id, props) => operations.delete(id, withoutHostKeys(props)),
  };
}

export const tokenRotation: Host = host(new Operations(session, rotationResource));

export const authToken: Host = host(new Operations(session, tokenResource));

/** A reason names its argument; with a name, Pulumi would put `property trigger value {<nil>}` before each sentence. */
const unnamed = (reason: string): pulumi.dynamic.CheckFailure => ({ property: "", reason });
