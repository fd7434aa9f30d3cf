import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { AuthToken, TokenRotation } from "pulumi-turso-tokens";

const config = new pulumi.Config();
const scope = { database: config.require("database") };
const rotation = new TokenRotation("rotation", { scope, trigger: config.require("trigger") });
const fresh = new AuthToken("workers", { scope, rotation });

// Workers bind to the secret by its name, so a new value needs no new deployment
new cloudflare.SecretsStoreSecret("secret", {
  accountId: config.require("accountId"),
  storeId: config.require("storeId"),
  name: "TURSO_AUTH_TOKEN",
  scopes: ["workers"],
  value: fresh.token,
});

export const mintedAt = fresh.mintedAt;
