import * as pulumi from "@pulumi/pulumi";
import { AuthToken, TokenRotation } from "pulumi-turso-tokens";

const config = new pulumi.Config();
const scope = { group: config.require("group") };

// Only an emergency run sets this. It comes from the environment because nothing there outlives the run. A value left
// behind in a config file would differ from the state after the next emergency, and would rotate once more.
const rotateNow = process.env["ROTATE_NOW"] ?? "";

const rotation = new TokenRotation(
  "rotation",
  {
    scope,
    rotateEvery: config.get("rotateEvery") ?? "90d",
    trigger: rotateNow !== "" ? rotateNow : "none yet",
  },
  // Without an emergency, keep the trigger in the state: that of the last emergency, whichever machine it ran on. It must
  // never fall back to a different value, because that is a change and would rotate.
  { ignoreChanges: rotateNow !== "" ? [] : ["trigger"] },
);

const fresh = new AuthToken("token", { scope, rotation, expiration: "120d", renewBefore: "14d" });

export const token = fresh.token;
export const rotatedAt = rotation.rotatedAt;
export const rotationCount = rotation.rotationCount;
export const trigger = rotation.trigger;
