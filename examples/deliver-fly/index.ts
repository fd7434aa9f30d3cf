import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { AuthToken, TokenRotation } from "pulumi-turso-tokens";

const config = new pulumi.Config();
const scope = { database: config.require("database") };
const rotation = new TokenRotation("rotation", { scope, trigger: config.require("trigger") });
const fresh = new AuthToken("app", { scope, rotation });

// Fly restarts the app's machines one after the other. The token is the command's input, which no other process can see.
new command.local.Command("secret", {
  create: 'flyctl secrets import --app "$APP"',
  environment: { APP: config.require("app") },
  stdin: pulumi.interpolate`TURSO_AUTH_TOKEN=${fresh.token}\n`,
  triggers: [fresh.mintedAt],
});

export const mintedAt = fresh.mintedAt;
