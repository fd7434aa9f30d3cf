import * as pulumi from "@pulumi/pulumi";
import * as vercel from "@pulumiverse/vercel";
import { AuthToken, TokenRotation } from "pulumi-turso-tokens";

const config = new pulumi.Config();
const projectId = config.require("projectId");
const scope = { database: config.require("database") };
const rotation = new TokenRotation("rotation", { scope, trigger: config.require("trigger") });
const fresh = new AuthToken("functions", { scope, rotation });

const variable = new vercel.ProjectEnvironmentVariable("variable", {
  projectId,
  key: "TURSO_AUTH_TOKEN",
  value: fresh.token,
  targets: ["production"],
  sensitive: true,
});

// A deployment keeps the variables that it started with. A new time of minting replaces it, after the variable has changed.
new vercel.Deployment(
  "production",
  {
    projectId,
    production: true,
    ref: config.get("branch") ?? "main",
    environment: { TURSO_TOKEN_MINTED_AT: fresh.mintedAt },
  },
  { dependsOn: variable },
);

export const mintedAt = fresh.mintedAt;
