import * as secretsmanager from "@pulumi/aws/secretsmanager";
import * as pulumi from "@pulumi/pulumi";
import { TokenRotation } from "pulumi-turso-tokens";

const config = new pulumi.Config();
const databases = config.requireObject<string[]>("databases");

// each database gets its token right after its own rotation
const rotation = new TokenRotation("tenants", {
  scope: { databases },
  trigger: config.require("trigger"),
  mint: {},
});

for (const database of databases) {
  const secret = new secretsmanager.Secret(database, { name: `turso/${database}` });
  // a new version becomes the current one, and AWS keeps the one before
  new secretsmanager.SecretVersion(database, {
    secretId: secret.id,
    secretString: rotation.token(database),
  });
}

export const rotatedAt = rotation.rotatedAt;
