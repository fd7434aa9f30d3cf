import { readExport } from "../../src/status/export";
import { reportOn, type Report } from "../../src/status/report";
import type { Row } from "../../src/status/row";

/** When the tests look. */
export const NOW = new Date("2026-06-01T12:00:00.000Z");
export const DAY = 86_400_000;
/** So many days before `NOW`, or after it if negative. */
export const daysAgo = (days: number): string => new Date(NOW.getTime() - days * DAY).toISOString();

const SIGNATURE = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
/** A secret as `pulumi stack export` prints it. */
export const encrypted = { ...SIGNATURE, ciphertext: "v1:c2VjcmV0:c2VjcmV0" };
/** The same with `--show-secrets`. */
export const plaintext = (value: unknown) => ({ ...SIGNATURE, plaintext: JSON.stringify(value) });

type Props = Record<string, unknown>;

export const urnOf = (type: string, name: string): string => `urn:pulumi:dev::shop::${type}::${name}`;
export const ROTATION = "pulumi-nodejs:dynamic/turso:TokenRotation";
export const TOKEN = "pulumi-nodejs:dynamic/turso:AuthToken";

/** A TokenRotation of one database that was rotated ten days ago, or as the changes say. */
export function rotation(changes: Props = {}, more: Props = {}): Props {
  const name = typeof more["name"] === "string" ? more["name"] : "rotation";
  const outputs = {
    stateVersion: 1,
    scope: { database: "app" },
    organization: "acme",
    trigger: 1,
    rotationId: "id",
    rotationCount: 1,
    cause: "trigger",
    rotations: { app: daysAgo(10) },
    failures: {},
    rotatedAt: daysAgo(10),
    createdAt: daysAgo(20),
    verification: "verified",
    ...changes,
  };
  return {
    urn: urnOf(ROTATION, name),
    type: ROTATION,
    id: "acme/databases/app",
    custom: true,
    outputs,
    ...more,
  };
}

/** A TokenRotation of the databases app and reports. */
export const list = (changes: Props = {}, more: Props = {}): Props =>
  rotation(
    {
      scope: { databases: ["app", "reports"] },
      rotations: { app: daysAgo(10), reports: daysAgo(9) },
      ...changes,
    },
    { id: "acme/databases", name: "list", ...more },
  );

/** An AuthToken of the database app, minted ten days ago, or as the changes say. */
export function token(changes: Props = {}, more: Props = {}): Props {
  const outputs = {
    stateVersion: 1,
    scope: { database: "app" },
    organization: "acme",
    token: encrypted,
    mintedAt: daysAgo(10),
    ...changes,
  };
  return { urn: urnOf(TOKEN, "api"), type: TOKEN, id: "acme/databases/app", custom: true, outputs, ...more };
}

/** What `pulumi stack export` prints of a stack with these resources. */
export const exportOf = (resources: unknown[], more: Props = {}): string =>
  JSON.stringify({
    version: 3,
    deployment: {
      resources: [
        { urn: urnOf("pulumi:pulumi:Stack", "shop-dev"), type: "pulumi:pulumi:Stack", custom: false },
        ...resources,
      ],
      ...more,
    },
  });

export const reportOf = (resources: unknown[], more: Props = {}, graceMs = 0): Report =>
  reportOn([readExport(exportOf(resources, more), "a.json")], { now: NOW, graceMs });

/** The rows of a stack with these resources. */
export const rowsOf = (...resources: unknown[]): Row[] => reportOf(resources).rows;

export function only<T>(items: readonly T[]): T {
  const [item, ...others] = items;
  if (item === undefined || others.length > 0) throw new Error(`expected one, not ${items.length}`);
  return item;
}

/** The texts of a row's problems, with their kinds. */
export const problems = ({ problems: found }: Row): string[] =>
  found.map(({ kind, text }) => `${kind}: ${text}`);
