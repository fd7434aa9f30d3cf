import { existsSync } from "node:fs";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { describeUnfinished } from "../values/failures";
import { jsonProblem } from "../values/json";
import { nameList, show } from "../values/text";

type ResourceName = "TokenRotation" | "AuthToken";

/**
 * The text that Pulumi keeps in the state as a dynamic resource's `__provider`, and evaluates in its provider process.
 *
 * Pulumi would produce this text by serialising closures. The result changes with its version, the compiler and the bundler,
 * and producing it loads the TypeScript compiler. This text is constant: it names the package that the program installed.
 * Where that cannot be loaded, a resource can still be deleted, which does nothing anyway, and all else says what to install.
 * Never change it: states of earlier releases hold it.
 */
export const providerText = (name: ResourceName): string =>
  `exports.handler = () => { try { return require("pulumi-turso-tokens/provider").${name.charAt(0).toLowerCase()}${name.slice(1)}; } catch (error) { ${WITHOUT_PACKAGE} } };\n`;

const CANNOT_LOAD = "Pulumi's provider process cannot load pulumi-turso-tokens from ";
const INSTALL_IT =
  ". Nothing was changed. Install it there as a direct dependency: npm install pulumi-turso-tokens.";
const WITHOUT_PACKAGE = `if (error.code !== "MODULE_NOT_FOUND") throw error; const reason = "${CANNOT_LOAD}" + process.cwd() + "${INSTALL_IT}"; return { check: async (_, inputs) => ({ inputs, failures: [{ property: "", reason }] }) };`;

/** Fixed from the first release: a different type token would make every resource a new one, which rotates. */
export const typeToken = (name: ResourceName): string => `pulumi-nodejs:dynamic/turso:${name}`;

/** The outputs that a resource has beside its arguments; they are registered as properties without a value. */
export type OutputsToCome<Resource, Inputs> = Record<
  Exclude<OutputNames<Resource>, keyof pulumi.CustomResource | keyof Inputs>,
  undefined
>;

type OutputNames<Resource> = {
  [Name in keyof Resource]: Resource[Name] extends pulumi.Output<unknown> ? Name : never;
}[keyof Resource];

/** Stops a program that passes a value which JSON cannot represent: the engine would drop it or hang. Outputs are not checked. */
export function requireJson(what: string, value: unknown): void {
  const problem = jsonProblem(value, (each) => pulumi.Output.isInstance(each) || each instanceof Promise);
  if (problem !== undefined)
    throw new pulumi.RunError(
      `${what} ${problem}. Nothing was changed. Use a JSON value, such as a string or a number.`,
    );
}

/** Stops a program that Bun runs without Node.js: Pulumi starts providers with `node`, and its own error would only be "EOF". */
export function requireNode(versions: NodeJS.ProcessVersions, PATH = ""): void {
  if (versions["bun"] === undefined) return;
  const isThere = PATH.split(path.delimiter).some((folder) =>
    ["node", "node.exe"].some((name) => folder !== "" && existsSync(path.join(folder, name))),
  );
  if (!isThere)
    throw new pulumi.RunError(
      "Pulumi runs the provider of pulumi-turso-tokens with Node.js, and there is no `node` on PATH. Nothing was " +
        "changed. Install Node.js 20.19 or newer; Bun can still run the program.",
    );
}

/**
 * Ends the program with an error if some targets failed. The engine finishes the other resources first, so that what was
 * rotated reaches its dependents; a failed resource would stop them.
 */
export function failRun(id: string, failures: Record<string, string> | undefined): void {
  const sentence = describeUnfinished(id, failures ?? {});
  if (pulumi.runtime.isDryRun() || sentence === undefined) return;
  const error = new pulumi.RunError(sentence);
  // Pulumi prints a trace, and formats it for a long time, unless there is none
  error.stack = error.message;
  throw error;
}

/** A member of `tokens`. */
export function requireToken(id: string, tokens: Record<string, string> | undefined, name: string): string {
  const token = tokens && Object.hasOwn(tokens, name) ? tokens[name] : undefined;
  if (token !== undefined) return token;
  const known = Object.keys(tokens ?? {});
  const has = known.length === 0 ? "none" : nameList(known);
  throw new pulumi.RunError(
    `${id}: there is no token ${show(name)}; it has ${has}. Nothing was changed by this.`,
  );
}
