import * as pulumi from "@pulumi/pulumi";
import { AuthToken, TokenRotation } from "pulumi-turso-tokens";

const config = new pulumi.Config();
const database = config.get("database");
const group = config.get("group");
const trigger = config.get("trigger");
const rotateEvery = config.get("rotateEvery");

if ((database === undefined) === (group === undefined))
  throw new pulumi.RunError(
    "Set what to rotate, with exactly one of `pulumi config set database NAME` and `pulumi config set group NAME`.",
  );
if (trigger === undefined)
  throw new pulumi.RunError(
    "Set the rotation's trigger to any text: `pulumi config set trigger 2026-11`. Changing the text rotates.",
  );

const scope = database !== undefined ? { database } : { group: group as string };
const rotation = new TokenRotation("rotation", { scope, trigger, rotateEvery });
// minted after each rotation, in the same run, so nobody has to fetch a new one by hand
const fresh = new AuthToken("token", { scope, rotation });

export const rotationId = rotation.rotationId;
export const rotatedAt = rotation.rotatedAt;
export const rotationCount = rotation.rotationCount;
export const token = fresh.token;
