import { startEmulator, type Emulator, type EmulatorOptions } from "../../emulator/src";
import { Context } from "../../src/core/context";
import { rotationResource } from "../../src/hosts/shared/resource";
import type { RotationInputs, RotationState } from "../../src/rotation/state";
import { NOW, ORIGIN, PATIENCE } from "./fake-turso";

export const NAMES = ["t1", "t2", "t3", "t4"];

/** An emulated Turso with four databases in one group, and one in a different group. */
export class Fleet {
  readonly messages: string[] = [];

  private constructor(readonly emulator: Emulator) {}

  static async with(options: EmulatorOptions, body: (fleet: Fleet) => Promise<void>): Promise<void> {
    const emulator = await startEmulator({ organization: "acme", ...options });
    try {
      for (const group of ["tenants", "solo"]) emulator.platform.createGroup(group);
      for (const name of NAMES) await emulator.platform.createDatabase(name, "tenants");
      await emulator.platform.createDatabase("lone", "solo");
      await body(new Fleet(emulator));
    } finally {
      await emulator.close();
    }
  }

  logic(apiToken = this.emulator.apiToken) {
    const settings = {
      apiUrl: this.emulator.url,
      apiToken,
      apiTokenOrigin: ORIGIN,
      organization: "acme",
      organizationIsConfigured: false,
    };
    const notify = (_: string, text: string) => void this.messages.push(text);
    return rotationResource(
      new Context({ settings, clock: () => new Date(NOW), notify, retryPolicy: PATIENCE }),
    );
  }

  /** The control plane's requests in order: `rotate t1`, `mint t1`; those for canary tokens are left out. */
  get order(): string[] {
    return this.emulator.log.flatMap(({ path }) => {
      const [, name, act] = /\/(?:databases|groups)\/([^/]+)\/auth\/(rotate|tokens)/.exec(path) ?? [];
      if (name === undefined || path.includes("authorization=read-only")) return [];
      return [`${act === "rotate" ? "rotate" : "mint"} ${name}`];
    });
  }

  /** Lets the API refuse the next rotation of a database. */
  refuseRotation(name: string, times = 1): void {
    const action = { type: "status", status: 402, body: '{"error":"no"}' } as const;
    this.emulator.fault({ path: new RegExp(`${name}/auth/rotate$`), when: "before", action, times });
  }

  count(what: string): number {
    return this.order.filter((each) => each.startsWith(what)).length;
  }

  /** The names whose token their own database accepts. */
  async accepted({ tokens = {} }: RotationState): Promise<string[]> {
    const { platform } = this.emulator;
    const states = await Promise.all(
      Object.entries(tokens).map(async ([name, token]) => {
        const database = platform.database(name);
        return (await platform.inspect(database, token)).state === "valid" ? [name] : [];
      }),
    );
    return states.flat().sort();
  }
}

/** The arguments of a TokenRotation of the four, with `mint`. */
export const inputs = (changes: Partial<RotationInputs> = {}): RotationInputs => ({
  scope: { databases: NAMES },
  organization: "acme",
  trigger: "1",
  verifyTimeout: "2s",
  mint: { expiration: "90d" },
  ...changes,
});
