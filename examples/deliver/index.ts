import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { AuthToken, TokenRotation } from "pulumi-turso-tokens";
import { TokenFile } from "./token-file";

const config = new pulumi.Config();
const scope = { database: config.require("database") };

const rotation = new TokenRotation("rotation", { scope, trigger: config.require("rotation") });

// A changed `renewal` mints a new token while the old one stays valid. A changed `rotation` invalidates both, then mints one.
const fresh = new AuthToken("server", {
  scope,
  rotation,
  trigger: config.get("renewal") ?? "none yet",
  // all that server.ts does; the token can do nothing else if it leaks
  permissions: [{ tables: ["orders"], actions: ["data_read"] }],
});

// In production, send the token to a secret store, a Kubernetes Secret or a host's environment here.
new TokenFile("file", { path: path.resolve(config.get("file") ?? "database-token"), token: fresh.token });

export const mintedAt = fresh.mintedAt;
export const rotatedAt = rotation.rotatedAt;
