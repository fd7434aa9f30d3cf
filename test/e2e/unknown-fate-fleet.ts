import assert from "node:assert/strict";
import type { FaultAction } from "../../emulator/src";
import { Sandbox } from "./sandbox";

type When = "before" | "after";
export interface Case {
  name: string;
  when: When;
  action: FaultAction;
}

export const status = (code: number): FaultAction => ({ type: "status", status: code });
export const WHENS = ["before", "after"] as const;
export const LOST: Case[] = [
  ...WHENS.flatMap((when): Case[] => [
    { name: `drop-${when}`, when, action: { type: "drop" } },
    { name: `half-${when}`, when, action: { type: "truncate" } },
    ...[500, 502, 504].map((code) => ({ name: `s${code}-${when}`, when, action: status(code) })),
  ]),
  { name: "hang-after", when: "after", action: { type: "hang" } },
];
/** Without a canary, one fault of each kind is enough: none can be resolved. */
export const UNVERIFIED = LOST.filter(({ name }) => /^(drop|half)|^s502/.test(name));

export const MESSAGE: Record<FaultAction["type"], string> = {
  drop: "the API could not be reached",
  truncate: "the API's answer broke off",
  status: "the API answered 5",
  hang: "the API did not answer within 30 s",
  delay: "",
};
export const what = ({ name }: Case) => name.replace(/^s(\d+)/, "answer $1").replace("-", ", ");

/** One rotation and one token per case, each for its own database. */
export const program = (cases: Case[], args: string) =>
  `for (const database of ${JSON.stringify(cases.map(({ name }) => name))}) {
     const rotation = new turso.TokenRotation(database, { scope: { database }, verifyTimeout: "2s", ${args} });
     exports[database] = new turso.AuthToken(database, { scope: { database }, rotation }).token;
   }`;

export const UP = ["up", "--yes", "--skip-preview", "--continue-on-error"];

interface Properties {
  rotationCount?: number;
  verification?: string;
  trigger?: unknown;
  pending?: unknown;
}

export class Fleet {
  private constructor(readonly sandbox: Sandbox) {}

  static async create(cases: Case[], args: string): Promise<Fleet> {
    const sandbox = await Sandbox.create({ program: program(cases, args), serverGeneration: "current" });
    for (const { name } of cases) await sandbox.turso.platform.createDatabase(name, "default");
    return new Fleet(sandbox);
  }

  /** Injects each case's fault into its next rotate request. */
  arm(cases: Case[]): void {
    for (const { name, when, action } of cases)
      this.sandbox.turso.fault({ method: "POST", path: rotatePath(name), when, action });
  }

  rotationsOf = ({ name }: Case) =>
    this.sandbox.turso.platform.rotations.filter((rotation) => rotation.name === name).length;

  requestsFor = ({ name }: Case) =>
    this.sandbox.turso.log.filter(({ method, path }) => method === "POST" && path === rotatePath(name))
      .length;

  async properties({ name }: Case): Promise<Properties> {
    const state = JSON.parse(await this.sandbox.stack.state()) as {
      deployment: { resources: { urn: string; outputs?: Properties }[] };
    };
    const found = state.deployment.resources.find(({ urn }) => urn.endsWith(`TokenRotation::${name}`));
    assert(found?.outputs, `${name} is not in the state`);
    return found.outputs;
  }

  async isTokenAccepted(tokens: Record<string, unknown>, { name }: Case): Promise<boolean> {
    const { platform } = this.sandbox.turso;
    return (await platform.inspect(platform.database(name), String(tokens[name]))).state === "valid";
  }
}

export const rotatePath = (name: string) => `/v1/organizations/acme/databases/${name}/auth/rotate`;
/** Pulumi saves a secret as an object with its ciphertext. */
export const isCiphertext = (value: unknown) =>
  typeof value === "object" && value !== null && Object.hasOwn(value, "ciphertext");
/** The lines of an output that mention a target. */
export const about = (output: string, name: string) =>
  output
    .split("\n")
    .filter((line) => line.toLowerCase().includes(`acme/databases/${name}`))
    .join("\n");
