import { startEmulator, type Emulator } from "../../emulator/src";
import { Context, type Level } from "../../src/core/context";
import type { RotationInputs, RotationState } from "../../src/rotation/state";
import { rotationResource, type Resource } from "../../src/hosts/shared/resource";
import { PATIENCE } from "./fake-turso";

/** An emulated Turso for one test: the group `default` with the databases app and reports, and the empty group `bare`. */
export class Stage {
  readonly messages: string[] = [];

  private constructor(readonly emulator: Emulator) {}

  static async with(deathDelayMs: number, body: (stage: Stage) => Promise<void>): Promise<void> {
    const emulator = await startEmulator({ serverGeneration: "legacy-group", deathDelayMs });
    try {
      for (const group of ["default", "bare"]) emulator.platform.createGroup(group);
      for (const name of ["app", "reports"]) await emulator.platform.createDatabase(name, "default");
      await body(new Stage(emulator));
    } finally {
      await emulator.close();
    }
  }

  logic(apiToken = this.emulator.apiToken): Resource<RotationInputs, RotationState> {
    const settings = {
      apiUrl: this.emulator.url,
      apiToken,
      apiTokenOrigin: "the test",
      organization: "acme",
      organizationIsConfigured: true,
    };
    const notify = (_level: Level, text: string) => void this.messages.push(text);
    return rotationResource(
      new Context({ settings, clock: () => new Date(), notify, retryPolicy: PATIENCE }),
    );
  }

  get rotations(): number {
    return this.emulator.platform.rotations.length;
  }

  get mints(): number {
    return this.emulator.log.filter(({ path }) => path.includes("/auth/tokens")).length;
  }
}

export const inputs = (changes: Partial<RotationInputs> = {}): RotationInputs => ({
  scope: { database: "app" },
  organization: "acme",
  trigger: 1,
  verifyTimeout: "1s",
  ...changes,
});

export const ROTATE = /\/auth\/rotate$/;
