import * as pulumi from "@pulumi/pulumi";
import { AuthToken, TokenRotation } from "pulumi-turso-tokens";
import tenants from "./tenants.json";

const config = new pulumi.Config();

// one resource for all tenants: adding one rotates only that tenant, removing one does nothing to its database
const rotation = new TokenRotation("tenants", {
  scope: { databases: tenants },
  trigger: config.require("trigger"),
  parallelism: config.getNumber("parallelism") ?? 8,
});

// each tenant's token gives access to its own database only
const minted = tenants.map((database) => {
  const { token } = new AuthToken(database, { scope: { database }, rotation });
  return [database, token] as const;
});

export const tokens = Object.fromEntries(minted);
export const rotatedAt = rotation.rotatedAt;
export const rotationCount = rotation.rotationCount;
