import * as pulumi from "@pulumi/pulumi";
import { AuthToken, TokenRotation } from "pulumi-turso-tokens";

const config = new pulumi.Config();
const scope = { group: config.require("group") };

// Only an emergency run sets it. It is read from the environment since nothing there outlives the run: a value that
// stayed behind in a config file would differ from the state's after the next emergency, and so rotate once more.
const rotateNow = process.env["ROTATE_NOW"] ?? "";

const rotation = new TokenRotation(
  "rotation",
  {
    scope,
    rotateEvery: config.get("rotateEvery") ?? "90d",
    trigger: rotateNow !== "" ? rotateNow : "none yet",
  },
  // Without an emergency the trigger is what the state has: the last emergency's, whatever machine that ran on. It must
  // never fall back to another value, which would be a change, and rotate.
  { ignoreChanges: rotateNow !== "" ? [] : ["trigger"] },
);

const fresh = new AuthToken("token", { scope, rotation, expiration: "120d", renewBefore: "14d" });

export const token = fresh.token;
export const rotatedAt = rotation.rotatedAt;
export const rotationCount = rotation.rotationCount;
export const trigger = rotation.trigger;
