import * as pulumi from "@pulumi/pulumi";
import { AuthToken, TokenRotation } from "pulumi-turso-tokens";
import { Delivery } from "./deliver";

const config = new pulumi.Config();
const scope = { group: config.require("group") };
const isFleet = config.getBoolean("fleet") ?? false;
const lifetime = { expiration: "120d", renewBefore: "14d" };

const command = config.get("deliver");
if (command === undefined)
  throw new pulumi.RunError(
    "Set the command that delivers a new token, which it reads from standard input: `pulumi config set deliver COMMAND`. " +
      "Without it, the first rotation would leave consumers with a rejected token.",
  );

// Only an emergency run sets this. It comes from the environment because nothing there outlives the run. A value left
// behind in a config file would differ from the state after the next emergency, and would rotate once more.
const rotateNow = process.env["ROTATE_NOW"] ?? "";

const rotation = new TokenRotation(
  "rotation",
  {
    scope,
    rotateEvery: config.get("rotateEvery") ?? "90d",
    trigger: rotateNow !== "" ? rotateNow : "none yet",
    // a fleet: a token for each database of the group
    ...(isFleet ? { mint: { per: "database" as const, ...lifetime } } : {}),
  },
  // Without an emergency, keep the trigger in the state: that of the last emergency, whichever machine it ran on. It must
  // never fall back to a different value, because that is a change and would rotate.
  { ignoreChanges: rotateNow !== "" ? [] : ["trigger"] },
);

// one token for the group, or a JSON object that maps each database to its token
export const token = isFleet
  ? pulumi.jsonStringify(rotation.tokens)
  : new AuthToken("token", { scope, rotation, ...lifetime }).token;

new Delivery("delivery", { command, token });

export const rotatedAt = rotation.rotatedAt;
export const rotationCount = rotation.rotationCount;
export const trigger = rotation.trigger;
