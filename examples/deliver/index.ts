import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { AuthToken, TokenRotation } from "pulumi-turso-tokens";
import { TokenFile } from "./token-file";

const config = new pulumi.Config();
const scope = { database: config.require("database") };

const rotation = new TokenRotation("rotation", { scope, trigger: config.require("rotation") });

// Another `renewal` mints a new token while the old one lives on; another `rotation` kills both, and mints one after it.
const fresh = new AuthToken("server", { scope, rotation, trigger: config.get("renewal") ?? "none yet" });

// In production this is where the token goes to a secret store, a Kubernetes Secret or a host's environment.
new TokenFile("file", { path: path.resolve(config.get("file") ?? "database-token"), token: fresh.token });

export const mintedAt = fresh.mintedAt;
export const rotatedAt = rotation.rotatedAt;
