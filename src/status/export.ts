import type { Properties } from "../core/protocol";
import { holdsSecret } from "../hosts/shared/values";
import { show } from "../values/text";

/** Input that `status` cannot report on, as one sentence. */
export class BadInput extends Error {}

export type ResourceType = "TokenRotation" | "AuthToken";

/** What an exported stack holds of a resource of this package. */
export interface ExportedResource {
  urn: string;
  /** The name that the program gave it. */
  name: string;
  type: ResourceType;
  id: string;
  /** Its state without the properties that are, or hold, a secret. */
  props: Properties;
  /** The names of those. */
  secrets: ReadonlySet<string>;
  /** By the argument's name, the URNs of the resources that it depends on. */
  dependencies: Readonly<Record<string, readonly string[]>>;
}

/** A resource of this package that an update was working on when it was interrupted. */
export interface Interrupted {
  urn: string;
  name: string;
  type: ResourceType;
  /** `creating`, `updating` */
  doing: string;
}

export interface StackExport {
  /** `PROJECT/STACK`; undefined if it has no resources, which alone name it. */
  stack: string | undefined;
  /** Where the export was read from. */
  source: string;
  resources: readonly ExportedResource[];
  interrupted: readonly Interrupted[];
}

/** Of a dynamic resource, or of one of the plugin. */
const TYPE = /^(?:pulumi-nodejs:dynamic\/turso|turso-tokens:index):(TokenRotation|AuthToken)$/;

/**
 * Reads what `pulumi stack export` prints. Secrets are dropped here, encrypted or not, so that nothing after this can show
 * them.
 *
 * @param source for messages: a file's name
 * @throws BadInput
 */
export function readExport(text: string, source: string): StackExport {
  if (text.trim() === "")
    throw new BadInput(`${source} is empty; it must be the output of \`pulumi stack export\`.`);
  const deployment = parse(text, source)["deployment"];
  if (!isRecord(deployment))
    throw new BadInput(`${source} is not the output of \`pulumi stack export\`: it has no deployment.`);
  const all = listOf(deployment["resources"], "resources", source);
  return {
    stack: all.map(({ urn }) => stackOf(urn)).find((stack) => stack !== undefined),
    source,
    resources: all.flatMap((each) => resourceOf(each)),
    interrupted: listOf(deployment["pending_operations"], "pending_operations", source).flatMap((each) =>
      interruptedOf(each),
    ),
  };
}

function parse(text: string, source: string): Properties {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed)) return parsed;
  } catch {
    // the parser's message may quote a secret
    throw new BadInput(
      `${source} is not complete JSON; it must be the output of \`pulumi stack export\`, and may have been cut off.`,
    );
  }
  throw new BadInput(`${source} is not the output of \`pulumi stack export\`: it is not a JSON object.`);
}

export const isRecord = (value: unknown): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function listOf(value: unknown, name: string, source: string): readonly Properties[] {
  const list: unknown = value ?? [];
  if (Array.isArray(list) && list.every(isRecord)) return list;
  throw new BadInput(`${source} is damaged: deployment.${name} must be a list of objects.`);
}

/** `urn:pulumi:STACK::PROJECT::TYPE::NAME` */
function partsOf(urn: unknown): string[] {
  const parts = typeof urn === "string" && urn.startsWith("urn:pulumi:") ? urn.slice(11).split("::") : [];
  return parts.length >= 4 ? parts : [];
}

function stackOf(urn: unknown): string | undefined {
  const [stack, project] = partsOf(urn);
  return stack === undefined || project === undefined ? undefined : `${project}/${stack}`;
}

interface Named {
  urn: string;
  name: string;
  type: ResourceType;
}

/** The URN, name and type of a resource of this package; undefined for any other. */
function named({ urn, type }: Properties): Named | undefined {
  const [, own] = (typeof type === "string" && TYPE.exec(type)) || [];
  if (own === undefined || typeof urn !== "string") return undefined;
  const name = partsOf(urn).slice(3).join("::");
  return { urn, name: name === "" ? urn : name, type: own as ResourceType };
}

function resourceOf(exported: Properties): ExportedResource[] {
  const found = named(exported);
  // what is external was only read with `get`, and what is to be deleted has been replaced
  if (!found || exported["external"] === true || exported["delete"] === true) return [];
  const { id, inputs, outputs, propertyDependencies, additionalSecretOutputs: additional } = exported;
  if (typeof id !== "string" || !isRecord(outputs))
    throw new BadInput(`The state of ${show(found.urn)} is damaged: it has no id or no outputs.`);
  const marked = [inputs, outputs].flatMap((props) =>
    Object.entries(isRecord(props) ? props : {}).flatMap(([key, value]) => (holdsSecret(value) ? [key] : [])),
  );
  const secrets = new Set([...marked, ...(Array.isArray(additional) ? additional.map(String) : [])]);
  const props = Object.fromEntries(Object.entries(outputs).filter(([key]) => !secrets.has(key)));
  const kept = new Set([...secrets].filter((key) => outputs[key] !== undefined && outputs[key] !== null));
  return [{ ...found, id, props, secrets: kept, dependencies: dependenciesOf(propertyDependencies) }];
}

const dependenciesOf = (value: unknown): Record<string, readonly string[]> =>
  Object.fromEntries(
    Object.entries(isRecord(value) ? value : {}).map(([key, urns]) => [
      key,
      Array.isArray(urns) ? urns.filter((urn) => typeof urn === "string") : [],
    ]),
  );

function interruptedOf({ resource, type }: Properties): Interrupted[] {
  const found = isRecord(resource) ? named(resource) : undefined;
  return found ? [{ ...found, doing: typeof type === "string" ? type : "changing" }] : [];
}
