import * as pulumi from "@pulumi/pulumi";
import { AuthToken, TokenRotation } from "pulumi-turso-tokens";

const config = new pulumi.Config();
const database = config.get("database");
const group = config.get("group");
const trigger = config.get("trigger");
const rotateEvery = config.get("rotateEvery");

if ((database === undefined) === (group === undefined))
  throw new pulumi.RunError(
    "Say what to rotate, one of the two: `pulumi config set database NAME` or `pulumi config set group NAME`.",
  );
if (trigger === undefined)
  throw new pulumi.RunError(
    "Give the rotation a trigger, any text: `pulumi config set trigger 2026-11`. It rotates when the text changes.",
  );

const scope = database !== undefined ? { database } : { group: group as string };
const rotation = new TokenRotation("rotation", { scope, trigger, rotateEvery });
// minted after each rotation, and in the same run: nobody has to go and fetch a new one
const fresh = new AuthToken("token", { scope, rotation });

export const rotationId = rotation.rotationId;
export const rotatedAt = rotation.rotatedAt;
export const rotationCount = rotation.rotationCount;
export const token = fresh.token;
