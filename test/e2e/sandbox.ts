import assert from "node:assert/strict";
import { createClient } from "@libsql/client";
import { startEmulator, type Emulator, type ServerGeneration } from "../../emulator/src";
import { Stack, type CommandResult, type StackOptions } from "../../tools/stack";

/**
 * An emulated Turso and a Pulumi stack that is configured for it. The organization has the group "default" with the
 * databases app and reports, and the group "other" with the database lone.
 */
export class Sandbox {
  private constructor(
    readonly turso: Emulator,
    readonly stack: Stack,
  ) {}

  static async create(
    options: StackOptions & {
      config?: Record<string, string>;
      serverGeneration?: ServerGeneration;
      latencyMs?: number;
      deathDelayMs?: number;
    } = {},
  ): Promise<Sandbox> {
    const {
      config = {},
      serverGeneration = "legacy-group",
      latencyMs = 0,
      deathDelayMs = 0,
      ...stackOptions
    } = options;
    const turso = await startEmulator({ organization: "acme", serverGeneration, latencyMs, deathDelayMs });
    turso.platform.createGroup("default");
    turso.platform.createGroup("other");
    await turso.platform.createDatabase("app", "default");
    await turso.platform.createDatabase("reports", "default");
    await turso.platform.createDatabase("lone", "other");
    // the stage `types` type-checks the examples; doing it again would more than double the time of each `up`
    const env = { PULUMI_NODEJS_TRANSPILE_ONLY: "true", ...stackOptions.env };
    const sandbox = new Sandbox(turso, new Stack({ ...stackOptions, env }));
    const namespace = options.isNative ? "turso-tokens" : "turso";
    await sandbox.stack.init(
      { [`${namespace}:apiUrl`]: turso.url, [`${namespace}:organization`]: turso.organization, ...config },
      { [`${namespace}:apiToken`]: turso.apiToken },
    );
    return sandbox;
  }

  /** `pulumi up` without a preview; it must succeed. */
  up(...args: string[]): Promise<CommandResult> {
    return this.stack.must("up", "--yes", "--skip-preview", ...args);
  }

  preview(...args: string[]): Promise<CommandResult> {
    return this.stack.must("preview", ...args);
  }

  /** Runs a command that must fail, and returns its output. */
  async fails(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.stack.run(...args);
    assert.notEqual(code, 0, `pulumi ${args.join(" ")} should have failed:\n${stdout}${stderr}`);
    return stdout + stderr;
  }

  /** The rotations so far in order, for example `databases/app`. */
  get rotations(): string[] {
    return this.turso.platform.rotations.map(({ kind, name }) => `${kind}s/${name}`);
  }

  /** The API requests since the log was last cleared. */
  get calls(): string[] {
    return this.turso.log
      .filter(({ plane }) => plane === "control")
      .map(({ method, path }) => `${method} ${path}`);
  }

  /** Whether a database accepts a token, with the real libSQL client. */
  async accepts(database: string, authToken: unknown): Promise<boolean> {
    const { hostname } = this.turso.platform.database(database);
    const client = createClient({ url: `http://${hostname}`, authToken: String(authToken) });
    try {
      await client.execute("select 1");
      return true;
    } catch {
      return false;
    } finally {
      client.close();
    }
  }

  async close(): Promise<void> {
    this.stack.close();
    await this.turso.close();
  }
}

/** Runs a body in a new sandbox and removes it afterwards. */
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
