/** The same as index.ts for a list of databases, each with a file of its own. To run it, set `main: fleet.ts` in Pulumi.yaml. */
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { TokenRotation } from "pulumi-turso-tokens";
import { TokenFile } from "./token-file";

const config = new pulumi.Config();
const databases = config.requireObject<string[]>("databases");

const rotation = new TokenRotation("rotation", {
  scope: { databases },
  trigger: config.require("rotation"),
  // how many databases are without a valid token at a time
  maxUnavailable: config.getNumber("maxUnavailable") ?? 1,
  mint: {},
});

for (const name of databases)
  new TokenFile(name, { path: path.resolve(`${name}-token`), token: rotation.token(name) });

export const rotatedAt = rotation.rotatedAt;
