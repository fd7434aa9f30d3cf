import assert from "node:assert/strict";
import { startEmulator, type Emulator } from "../../emulator";
import { Stack, type Run, type StackOptions } from "../../tools/stack";

/** An emulated Turso with group "default" (databases app, reports) and group "other" (database lone), and a stack that knows it. */
export class Sandbox {
  private constructor(
    readonly turso: Emulator,
    readonly stack: Stack,
  ) {}

  static async create(
    options: StackOptions & {
      config?: Record<string, string>;
      blastRadius?: "group" | "database";
      latencyMs?: number;
      deathDelayMs?: number;
    } = {},
  ): Promise<Sandbox> {
    const { config = {}, blastRadius = "group", latencyMs = 0, deathDelayMs = 0, ...stackOptions } = options;
    const turso = await startEmulator({ organization: "acme", blastRadius, latencyMs, deathDelayMs });
    turso.platform.createGroup("default");
    turso.platform.createGroup("other");
    await turso.platform.createDatabase("app", "default");
    await turso.platform.createDatabase("reports", "default");
    await turso.platform.createDatabase("lone", "other");
    // the stage `types` checks the examples; to check them again at each `up` takes longer than the rest of it
    const env = { PULUMI_NODEJS_TRANSPILE_ONLY: "true", ...stackOptions.env };
    const sandbox = new Sandbox(turso, new Stack({ ...stackOptions, env }));
    await sandbox.stack.init(
      { "turso:apiUrl": turso.url, "turso:organization": turso.organization, ...config },
      { "turso:apiToken": turso.apiToken },
    );
    return sandbox;
  }

  /** `up` without its preview. */
  up(...args: string[]): Promise<Run> {
    return this.stack.must("up", "--yes", "--skip-preview", ...args);
  }

  preview(...args: string[]): Promise<Run> {
    return this.stack.must("preview", ...args);
  }

  /** Runs a command that has to fail, and gives what it printed. */
  async fails(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.stack.run(...args);
    assert.notEqual(code, 0, `pulumi ${args.join(" ")} should have failed:\n${stdout}${stderr}`);
    return stdout + stderr;
  }

  /** What was rotated so far: `databases/app`, in order. */
  get rotations(): string[] {
    return this.turso.platform.rotations.map(({ kind, name }) => `${kind}s/${name}`);
  }

  /** The API's requests since the log was last cleared. */
  get calls(): string[] {
    return this.turso.log
      .filter(({ plane }) => plane === "control")
      .map(({ method, path }) => `${method} ${path}`);
  }

  async close(): Promise<void> {
    this.stack.close();
    await this.turso.close();
  }
}

/** Runs a body with a sandbox of its own, and leaves nothing behind. */
export async function inSandbox(
  options: Parameters<typeof Sandbox.create>[0],
  body: (sandbox: Sandbox) => Promise<void>,
): Promise<void> {
  const sandbox = await Sandbox.create(options);
  try {
    await body(sandbox);
  } finally {
    await sandbox.close();
  }
}
