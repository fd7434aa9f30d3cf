import { existsSync } from "node:fs";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { jsonProblem } from "../values/json";

type ResourceName = "TokenRotation" | "AuthToken";

/**
 * The text that Pulumi keeps in the state as a dynamic resource's `__provider`, and evaluates in its provider process.
 *
 * Pulumi would make such a text by serialising closures, which changes with its version, the compiler and the bundler,
 * and loads the TypeScript compiler for it. This one is constant: it names the package that the program installed.
 * Never change it: states of earlier releases hold it.
 */
export const providerText = (name: ResourceName): string =>
  `exports.handler = () => require("pulumi-turso-tokens/provider").${name.charAt(0).toLowerCase()}${name.slice(1)};\n`;

/** Fixed from the first release: another type token would make every resource a new one, which rotates. */
export const typeToken = (name: ResourceName): string => `pulumi-nodejs:dynamic/turso:${name}`;

/** The outputs that a resource has beside its arguments; they are registered as properties to come. */
export type OutputsToCome<Resource, Inputs> = Record<
  Exclude<keyof Resource, keyof pulumi.CustomResource | keyof Inputs>,
  undefined
>;

/** Stops a program that gives what JSON cannot hold, which the engine would drop or hang on. Outputs are not looked into. */
export function requireJson(what: string, value: unknown): void {
  const problem = jsonProblem(value, (each) => pulumi.Output.isInstance(each) || each instanceof Promise);
  if (problem !== undefined)
    throw new pulumi.RunError(
      `${what} ${problem}. Nothing was changed. Give it a JSON value, such as a string or a number.`,
    );
}

/** Stops a program that Bun runs where there is no Node.js: Pulumi starts providers with `node`, and says of that only "EOF". */
export function requireNode(versions: NodeJS.ProcessVersions, PATH = ""): void {
  if (versions["bun"] === undefined) return;
  const isThere = PATH.split(path.delimiter).some((folder) =>
    ["node", "node.exe"].some((name) => folder !== "" && existsSync(path.join(folder, name))),
  );
  if (!isThere)
    throw new pulumi.RunError(
      "Pulumi runs the provider of pulumi-turso-tokens with Node.js, and there is no `node` on PATH. Nothing was " +
        "changed. Install Node.js 20.19 or newer beside Bun, which may go on running the program.",
    );
}
