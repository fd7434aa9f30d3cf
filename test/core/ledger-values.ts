import type { ManagedToken, Rotation } from "../../src/core/run-ledger";
import type { Target } from "../../src/values/scope";

export const database = (name: string): Target => ({ kind: "database", name });
export const group = (name: string): Target => ({ kind: "group", name });

export const rotation = (target: Target, inGroup: string, organization = "acme"): Rotation => ({
  organization,
  target,
  group: inGroup,
});

export const token = (target: Target, inGroup: string, text = "jwt"): ManagedToken => ({
  id: `acme/${target.kind}s/${target.name}`,
  organization: "acme",
  target,
  group: inGroup,
  hostname: `${target.name}.example.com`,
  token: text,
});
