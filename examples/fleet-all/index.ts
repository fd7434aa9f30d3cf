import * as pulumi from "@pulumi/pulumi";
import { TokenRotation } from "pulumi-turso-tokens";

const config = new pulumi.Config();
const group = config.get("group");

// without a group: every database of the organization, each rotated by itself
const rotation = new TokenRotation("tenants", {
  scope: group === undefined ? { databases: "all" } : { group },
  trigger: config.require("trigger"),
  // with a group: one rotation for all of its databases, then a token for each of them
  mint: group === undefined ? {} : { per: "database" },
});

// each tenant's token gives access to its own database only
export const tokens = rotation.tokens;
export const rotations = rotation.rotations;
