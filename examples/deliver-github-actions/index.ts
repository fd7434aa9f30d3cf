import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import { AuthToken, TokenRotation } from "pulumi-turso-tokens";

const config = new pulumi.Config();
const scope = { database: config.require("database") };
const rotation = new TokenRotation("rotation", { scope, trigger: config.require("trigger") });
const fresh = new AuthToken("workflows", { scope, rotation });

// the provider encrypts the value with the repository's public key
new github.ActionsSecret("secret", {
  repository: config.require("repository"),
  secretName: "TURSO_AUTH_TOKEN",
  value: fresh.token,
});

export const mintedAt = fresh.mintedAt;
