import * as pulumi from "@pulumi/pulumi";
import { TokenRotation } from "pulumi-turso-tokens";
import tenants from "./tenants.json";

const config = new pulumi.Config();

// one resource for all tenants: each gets its token right after its own rotation, and waits for no other tenant
const rotation = new TokenRotation("tenants", {
  scope: { databases: tenants },
  trigger: config.require("trigger"),
  parallelism: config.getNumber("parallelism") ?? 8,
  mint: {},
});

// each tenant's token gives access to its own database only
export const tokens = rotation.tokens;
export const rotatedAt = rotation.rotatedAt;
export const rotationCount = rotation.rotationCount;
